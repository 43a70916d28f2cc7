/**
 * The bytes of a WebAssembly module from expressions: as much of the binary format as loops over pairs of float64s need
 * (WebAssembly Core Specification 2.0, section 5).
 *
 * ```ts
 * const bytes = moduleOf({
 *   // to[i] = 2 · from[i] for `count` pairs, `from` and `to` counted in bytes.
 *   double: func(3, ({ i32 }, [from, to, count]) =>
 *     times(i32(), count, [
 *       f64x2.store(to, 0, f64x2.mul(f64x2.load(from), f64x2.constant(2))),
 *       advance(from, 16),
 *       advance(to, 16),
 *     ])),
 * })
 * ```
 */

/** Instructions, as bytes. */
export type Code = ReadonlyArray<number | Code>

/** A parameter or a variable of a function; as code its value. */
export interface Local extends ReadonlyArray<number> {
  readonly index: number
}

/** A function of `params` i32s that gives nothing. */
export interface Func {
  readonly params: number
  readonly variables: ReadonlyArray<number>
  readonly body: Code
}

/** Makes variables, which begin as zeros. */
export interface Variables {
  readonly i32: () => Local
  readonly v128: () => Local
}

const I32 = 0x7f
const V128 = 0x7b

/** A function of so many i32s, by what it does with them. */
export const func = (
  params: number,
  body: (variables: Variables, params: ReadonlyArray<Local>) => Code,
): Func => {
  const variables: Array<number> = []
  const make = (type: number) => () => local(params + variables.push(type) - 1)
  const given = Array.from({ length: params }, (_, i) => local(i))
  const code = body({ i32: make(I32), v128: make(V128) }, given)
  return { params, variables, body: code }
}

const local = (index: number): Local => Object.assign([0x20, ...unsigned(index)], { index })

/** Gives a variable a value. */
export const set = ({ index }: Local, value: Code): Code => [value, 0x21, unsigned(index)]

/** Whole numbers of 32 bits. */
export const i32 = {
  constant: (n: number): Code => [0x41, signed(n)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  sub: (a: Code, b: Code): Code => [a, b, 0x6b],
  mul: (a: Code, b: Code): Code => [a, b, 0x6c],
}

/** Moves an address on. */
export const advance = (address: Local, by: number | Code): Code =>
  set(address, i32.add(address, typeof by === "number" ? i32.constant(by) : by))

/** Does `body` `count` times, `at` counting from 0. */
export const times = (at: Local, count: Code, body: Code): Code => [
  set(at, i32.constant(0)),
  // block, loop: leave the block where at ≥ count.
  [0x02, 0x40, 0x03, 0x40, at, count, 0x4e, 0x0d, 1],
  body,
  advance(at, 1),
  [0x0c, 0, 0x0b, 0x0b],
]

const vector = (operation: number): Code => [0xfd, unsigned(operation)]

const memory = (operation: number, offset: number): Code => [vector(operation), 3, unsigned(offset)]

const binary =
  (operation: number) =>
  (a: Code, b: Code): Code => [a, b, vector(operation)]

/** Pairs of float64s; addresses and offsets in bytes. */
export const f64x2 = {
  load: (address: Code, offset = 0): Code => [address, memory(0x00, offset)],
  /** One number, twice. */
  loadTwice: (address: Code, offset = 0): Code => [address, memory(0x0a, offset)],
  store: (address: Code, offset: number, value: Code): Code => [address, value, memory(0x0b, offset)],
  constant: (x: number): Code => {
    const bytes = [...new Uint8Array(Float64Array.of(x, x).buffer)]
    return [vector(0x0c), bytes]
  },
  /** To the nearest whole number, of two the even one. */
  nearest: (a: Code): Code => [a, vector(0x94)],
  add: binary(0xf0),
  sub: binary(0xf1),
  mul: binary(0xf2),
  /** NaN where either is. */
  max: binary(0xf5),
  /** b where a < b, else a. */
  raised: binary(0xf7),
  /** The bits as two whole numbers, moved left. */
  shiftLeft: (a: Code, by: number): Code => [a, i32.constant(by), vector(0xcb)],
}

/** The module's bytes: its functions by name, and its memory, of one page at first, as `memory`. */
export const moduleOf = (functions: Readonly<Record<string, Func>>): Uint8Array<ArrayBuffer> => {
  const all = Object.entries(functions)
  const bytes = flat([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(
      1,
      all.map(([, { params }]) => [0x60, list(new Array<Code>(params).fill([I32])), 0]),
    ),
    section(
      3,
      all.map((_, i) => unsigned(i)),
    ),
    section(5, [[0x00, 1]]),
    section(7, [[name("memory"), 0x02, 0], ...all.map(([of], i) => [name(of), 0x00, unsigned(i)])]),
    section(
      10,
      all.map(([, { variables, body }]) => sized([list(variables.map((type) => [1, type])), body, 0x0b])),
    ),
  ])
  return Uint8Array.from(bytes)
}

const flat = (code: Code): Array<number> =>
  code.flatMap((part) => (typeof part === "number" ? [part] : flat(part)))

const sized = (code: Code): Code => {
  const bytes = flat(code)
  return [unsigned(bytes.length), bytes]
}

const list = (items: ReadonlyArray<Code>): Code => [unsigned(items.length), items]
const section = (id: number, items: ReadonlyArray<Code>): Code => [id, sized(list(items))]
const name = (text: string): Code => sized([...text].map((c) => c.charCodeAt(0)))

/** LEB128. */
const unsigned = (n: number): Array<number> => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...unsigned(n >>> 7)])
const signed = (n: number): Array<number> =>
  n >= -64 && n < 64 ? [n & 0x7f] : [(n & 0x7f) | 0x80, ...signed(n >> 7)]
