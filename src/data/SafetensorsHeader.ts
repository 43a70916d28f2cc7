/**
 * The header of a safetensors file: eight bytes of length, then JSON,
 * `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {"key": "text"}}`,
 * padded with spaces to a multiple of eight bytes. See `Safetensors.ts` for the source.
 */
import { Effect, Result, Schema } from "effect"
import { DataError } from "./errors.ts"

/** Bytes of one value of each dtype, the widest first: the order in which the format's own writer puts them. */
export const widths = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

/** The dtypes of the format that JavaScript has a use for; complex, and floats of 8 bits and fewer, are not here. */
export type Dtype = keyof typeof widths

export const dtypes = Object.keys(widths) as ReadonlyArray<Dtype>

const Size = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** One array's entry; the offsets count from the end of the header. */
export const Entry = Schema.Struct({
  dtype: Schema.Literals(dtypes),
  shape: Schema.Array(Size),
  data_offsets: Schema.Tuple([Size, Size]),
})
export type Entry = typeof Entry.Type

/** The entries in the header's order, the metadata, and the byte at which the values start. */
export interface Header {
  readonly entries: ReadonlyArray<readonly [path: string, entry: Entry]>
  readonly metadata: { readonly [key: string]: string }
  readonly start: number
}

/** The bytes of a file's beginning, up to where its values start. */
export const write = (entries: Header["entries"], metadata: Header["metadata"]): Uint8Array => {
  const members: Array<readonly [string, unknown]> = [...entries]
  if (Object.keys(metadata).length > 0) members.unshift(["__metadata__", metadata])
  // Joined by hand: an object would put names that are whole numbers first.
  const json = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")
  const text = new TextEncoder().encode(`{${json}}`)
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(SPACE)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true)
  bytes.set(text, 8)
  return bytes
}

/**
 * Reads the header of a file called `name`. Fails with `DataError` where the file is shorter than its header,
 * the header is above 100 MB, is no UTF-8 or no JSON object, or has a name twice or a member of another form.
 */
export const read = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<Header, DataError> {
  const refuse = (expected: string, found: string, where = "header") =>
    new DataError({ where: `${name}, ${where}`, expected, found })

  if (bytes.length < 8) return yield* refuse("8 bytes that give its length", `${bytes.length} bytes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > MOST) return yield* refuse(`at most ${MOST} bytes`, `a length of ${length}; this may be no safetensors file`) // biome-ignore format: one line
  const start = 8 + Number(length)
  if (bytes.length < start) {
    return yield* refuse(
      `${start} bytes with its length`,
      `${bytes.length} bytes in all; the file is truncated`,
    )
  }
  const decoded = Result.try(() =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start)),
  )
  if (Result.isFailure(decoded)) return yield* refuse("UTF-8", "bytes that are not")
  const text = decoded.success
  if (text[0] !== "{") return yield* refuse('"{" as its first byte', JSON.stringify(text.slice(0, 1)))
  const parsed = Result.try(() => Object.entries(JSON.parse(text) as { readonly [name: string]: unknown }))
  if (Result.isFailure(parsed)) return yield* refuse("JSON", String(parsed.failure))
  const twice = duplicateName(text)
  if (twice !== undefined) return yield* refuse("distinct names", `"${twice}" twice`)

  const entries: Array<readonly [string, Entry]> = []
  let metadata: Header["metadata"] = {}
  for (const [key, value] of parsed.success) {
    const result: Result.Result<unknown, Schema.SchemaError> =
      key === "__metadata__" ? decodeMetadata(value) : decodeEntry(value)
    if (Result.isFailure(result)) {
      const expected = key === "__metadata__" ? "a record of text" : "dtype, shape and data_offsets"
      const { failure } = result
      // What is nested deeply enough can be parsed and not be written again.
      const found = Result.try(
        () => `${oneLine(JSON.stringify(value)).slice(0, 80)} (${oneLine(failure.message)})`,
      )
      return yield* refuse(
        expected,
        Result.getOrElse(found, () => "lists or records too deep to show"),
        `"${key}"`,
      )
    }
    if (key === "__metadata__") metadata = result.success as Header["metadata"]
    else entries.push([key, result.success as Entry])
  }
  return { entries, metadata, start }
})

const MOST = 100_000_000

const SPACE = 0x20

const decodeEntry = Schema.decodeUnknownResult(Entry)

const decodeMetadata = Schema.decodeUnknownResult(Schema.Record(Schema.String, Schema.String))

const oneLine = (message: string): string => message.replaceAll(/\s+/g, " ")

/**
 * A name that one object of the text has twice, which `JSON.parse` lets pass with the last one winning.
 * `json` is valid JSON.
 */
const duplicateName = (json: string): string | undefined => {
  const open: Array<Set<string>> = []
  const colon = /\s*:/y
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === "{" || c === "[") open.push(new Set())
    else if (c === "}" || c === "]") open.pop()
    else if (c === '"') {
      const start = i++
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1
      // Only a name is followed by a colon.
      colon.lastIndex = i + 1
      if (!colon.test(json)) continue
      const name = JSON.parse(json.slice(start, i + 1)) as string
      const names = open.at(-1)!
      if (names.has(name)) return name
      names.add(name)
    }
  }
  return undefined
}
