/** The loops of `lanes.ts` in WebAssembly. */
import { advance, type Code, f64x2, func, i32, type Local, moduleOf, set, times } from "./assembler.ts"
import type { Lanes } from "./lanes.ts"
import { exponential } from "./loops.ts"

const { add, sub, mul, load, loadTwice, store } = f64x2

const distances = func(6, ({ i32: integer, v128 }, [x, fours, n, loc, factor, out]) => {
  const [four, i, p, q] = [integer(), integer(), integer(), integer()]
  const [center, scale, z, d, e] = [v128(), v128(), v128(), v128(), v128()]
  const square = (sum: Local, offset: number): Code => [
    set(z, mul(sub(load(x!, offset), center), scale)),
    set(sum, add(sum, mul(z, z))),
  ]
  return times(four, fours!, [
    set(d, f64x2.constant(0)),
    set(e, f64x2.constant(0)),
    set(p, loc!),
    set(q, factor!),
    times(i, n!, [
      set(center, loadTwice(p)),
      set(scale, loadTwice(q)),
      square(d, 0),
      square(e, 16),
      advance(x!, 32),
      advance(p, 8),
      advance(q, 8),
    ]),
    store(out!, 0, d),
    store(out!, 16, e),
    advance(out!, 32),
  ])
})

/** Each y is taken from those after it as soon as it is known: what is left of them does not wait for one another. */
const whitened = func(7, ({ i32: integer, v128 }, [x, fours, n, loc, l, y, out]) => {
  const [four, i, j, p, q, row, diagonal] = [
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
  ]
  const [factor, s, t, d, e] = [v128(), v128(), v128(), v128(), v128()]
  const rowBytes = i32.mul(n!, i32.constant(8))
  return times(four, fours!, [
    set(d, f64x2.constant(0)),
    set(e, f64x2.constant(0)),
    set(p, loc!),
    set(q, y!),
    times(i, n!, [
      set(factor, loadTwice(p)),
      store(q, 0, sub(load(x!), factor)),
      store(q, 16, sub(load(x!, 16), factor)),
      advance(x!, 32),
      advance(p, 8),
      advance(q, 32),
    ]),
    set(p, y!),
    set(diagonal, l!),
    times(i, n!, [
      set(factor, loadTwice(diagonal)),
      set(s, mul(load(p), factor)),
      set(t, mul(load(p, 16), factor)),
      set(d, add(d, mul(s, s))),
      set(e, add(e, mul(t, t))),
      advance(p, 32),
      set(q, p),
      set(row, i32.add(diagonal, rowBytes)),
      times(j, i32.sub(i32.sub(n!, i), i32.constant(1)), [
        set(factor, loadTwice(row)),
        store(q, 0, sub(load(q), mul(factor, s))),
        store(q, 16, sub(load(q, 16), mul(factor, t))),
        advance(q, 32),
        advance(row, rowBytes),
      ]),
      advance(diagonal, i32.add(rowBytes, i32.constant(8))),
    ]),
    store(out!, 0, d),
    store(out!, 16, e),
    advance(out!, 32),
  ])
})

const addMoments = func(7, ({ i32: integer, v128 }, [x, w, fours, n, k, first, second]) => {
  const [c, four, i, u, v, p, q] = [
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
  ]
  const [w0, w1, x0, x1, a0, a1] = [v128(), v128(), v128(), v128(), v128(), v128()]
  return times(c, k!, [
    set(u, x!),
    set(v, i32.add(w!, i32.mul(c, i32.constant(32)))),
    times(four, fours!, [
      set(w0, load(v)),
      set(w1, load(v, 16)),
      set(p, first!),
      set(q, second!),
      times(i, n!, [
        set(x0, load(u)),
        set(x1, load(u, 16)),
        set(a0, mul(w0, x0)),
        set(a1, mul(w1, x1)),
        store(p, 0, add(load(p), add(a0, a1))),
        store(q, 0, add(load(q), add(mul(a0, x0), mul(a1, x1)))),
        advance(u, 32),
        advance(p, 16),
        advance(q, 16),
      ]),
      advance(v, i32.mul(k!, i32.constant(32))),
    ]),
    set(first!, p),
    set(second!, q),
  ])
})

const addOuters = func(6, ({ i32: integer, v128 }, [x, w, fours, n, k, outer]) => {
  const [c, four, i, j, u, v, p, q, to] = [
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
    integer(),
  ]
  const [a0, a1] = [v128(), v128()]
  return times(c, k!, [
    set(u, x!),
    set(v, i32.add(w!, i32.mul(c, i32.constant(32)))),
    times(four, fours!, [
      set(p, u),
      set(to, outer!),
      times(i, n!, [
        set(a0, mul(load(v), load(p))),
        set(a1, mul(load(v, 16), load(p, 16))),
        set(q, u),
        times(j, i32.add(i, i32.constant(1)), [
          store(to, 0, add(load(to), add(mul(a0, load(q)), mul(a1, load(q, 16))))),
          advance(q, 32),
          advance(to, 16),
        ]),
        advance(p, 32),
      ]),
      set(u, p),
      advance(v, i32.mul(k!, i32.constant(32))),
    ]),
    set(outer!, to),
  ])
})

/** Two columns at a time, from their tops to their sums. */
const columnExps = func(5, ({ i32: integer, v128 }, [x, rows, pairs, top, sum]) => {
  const [i, j, p, rowBytes] = [integer(), integer(), integer(), integer()]
  const [most, total, t, k, r, s] = [v128(), v128(), v128(), v128(), v128(), v128()]
  const { lowest, perOctave, octave, rounding, even, odd } = exponential
  // In variables, since a constant is made anew wherever it stands.
  const known: Array<Code> = []
  const constant = (value: number): Local => {
    const variable = v128()
    known.push(set(variable, f64x2.constant(value)))
    return variable
  }
  const series = ([first, ...others]: ReadonlyArray<number>): Code =>
    others.reduce<Code>((sum, c) => add(constant(c), mul(s, sum)), constant(first!))
  const round = constant(rounding)
  const step = [
    set(t, f64x2.raised(sub(load(p), most), constant(lowest))),
    set(k, sub(add(mul(t, constant(perOctave)), round), round)),
    set(r, sub(sub(t, mul(k, constant(octave[0]))), mul(k, constant(octave[1])))),
    set(s, mul(r, r)),
    // The last bits of k's sum are 1023 + k, which as an exponent means 2ᵏ.
    set(k, f64x2.shiftLeft(add(k, constant(rounding + 1023)), 52)),
    set(t, mul(k, add(series(even), mul(r, series(odd))))),
    store(p, 0, t),
    set(total, add(total, t)),
    advance(p, rowBytes),
  ]
  return [
    known,
    set(rowBytes, i32.mul(pairs!, i32.constant(16))),
    times(i, pairs!, [
      set(most, f64x2.constant(Number.NEGATIVE_INFINITY)),
      set(total, f64x2.constant(0)),
      set(p, x!),
      times(j, rows!, [set(most, f64x2.max(most, load(p))), advance(p, rowBytes)]),
      set(p, x!),
      times(j, rows!, step),
      store(top!, 0, most),
      store(sum!, 0, total),
      advance(x!, 16),
      advance(top!, 16),
      advance(sum!, 16),
    ]),
  ]
})

type Exports = Readonly<Record<Exclude<keyof Lanes, "numbers">, (...numbers: Array<number>) => void>> & {
  readonly memory: WebAssembly.Memory
}

let exports: Exports | null | undefined

/** An instance; none where this runtime has no WebAssembly, no pairs of numbers in it, or forbids compiling. */
const instance = (): Exports | null => {
  try {
    const module = new WebAssembly.Module(
      moduleOf({ distances, whitened, addMoments, addOuters, columnExps }),
    )
    return new WebAssembly.Instance(module).exports as unknown as Exports
  } catch {
    return null
  }
}

const PAGE = 65536
const BYTES = Float64Array.BYTES_PER_ELEMENT

/** The loops with room for `count` numbers, or nothing where they cannot be had. */
export const compiled = (count: number): Lanes | undefined => {
  if (exports === undefined) exports = instance()
  if (exports === null) return undefined
  const { memory } = exports
  const missing = count * BYTES - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
  const call = exports
  return {
    numbers: new Float64Array(memory.buffer),
    distances: (x, fours, n, loc, factor, out) =>
      call.distances(x * BYTES, fours, n, loc * BYTES, factor * BYTES, out * BYTES),
    whitened: (x, fours, n, loc, l, y, out) =>
      call.whitened(x * BYTES, fours, n, loc * BYTES, l * BYTES, y * BYTES, out * BYTES),
    addMoments: (x, w, fours, n, k, first, second) =>
      call.addMoments(x * BYTES, w * BYTES, fours, n, k, first * BYTES, second * BYTES),
    addOuters: (x, w, fours, n, k, outer) => call.addOuters(x * BYTES, w * BYTES, fours, n, k, outer * BYTES),
    columnExps: (x, rows, pairs, top, sum) =>
      call.columnExps(x * BYTES, rows, pairs, top * BYTES, sum * BYTES),
  }
}
