/**
 * The safetensors format: named arrays in one file, with nothing in it that runs. A JSON header gives each
 * array's dtype, shape and place (`SafetensorsHeader.ts`); the rest is their values, row-major, little-endian,
 * without gaps. Source: the format's description in its repository, github.com/huggingface/safetensors; what is
 * refused here is what its own reader refuses, and a BOOL that is neither 0 nor 1.
 *
 * ```ts
 * const bytes = yield* Safetensors.encode({ decoder: { w, b } }, { model: "vae" })
 * const file = yield* Safetensors.decode(bytes, "vae.safetensors")
 * file.tensors["decoder/w"]                        // { dtype: "F32", shape: [20, 400], values: Float32Array }
 * const params = yield* Safetensors.toTree(file)   // tensors again
 * ```
 */
import { Effect } from "effect"
import * as Shape from "../tensor/Shape.ts"
import { DataError, notBytes } from "./errors.ts"
import { type ArrayFile, type Encodable, gather, parse, type StoredArray } from "./NamedArrays.ts"
import * as Header from "./SafetensorsHeader.ts"

export {
  type ArrayFile,
  type Arrays,
  type Encodable,
  type HostArray,
  type StoredArray,
  toTree,
  toTreeLike,
} from "./NamedArrays.ts"

/**
 * The bytes of a file with these arrays, laid out as the format's own writer does: the widest dtypes first, then
 * by name, so that each lies aligned. Tensors are read from the device, so this has no place inside a step.
 *
 * Fails with `DataError` for a name that is empty, `__metadata__` or there twice, for values that do not fit
 * their shape or dtype, and for disposed, complex and string tensors.
 */
export const encode = Effect.fnUntraced(function* (
  contents: Encodable,
  metadata: { readonly [key: string]: string } = {},
): Effect.fn.Return<Uint8Array, DataError> {
  const arrays = yield* gather(contents, { format: "safetensors", forbidden: "__metadata__" })
  const order = [...arrays].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) =>
      Header.dtypes.indexOf(x) - Header.dtypes.indexOf(y) || (a < b ? -1 : 1),
  )
  let end = 0
  const entries = order.map(([path, { dtype, shape, values }]): readonly [string, Header.Entry] => {
    const begin = end
    end += values.byteLength
    return [path, { dtype, shape: [...shape], data_offsets: [begin, end] }]
  })
  const header = Header.write(entries, metadata)
  const bytes = new Uint8Array(header.length + end)
  bytes.set(header)
  let at = header.length
  for (const [, { values }] of order) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return bytes
})

/**
 * Reads a whole file; `name` is what errors call it. The arrays are copies.
 *
 * Fails with `DataError` for a file that is truncated or too long, a header above 100 MB, invalid UTF-8 or JSON,
 * a name that comes twice, a header of another form, an unknown dtype, offsets that overlap, leave a gap or the
 * file, or do not fit shape and dtype, and a BOOL other than 0 and 1.
 */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<ArrayFile, DataError> {
  const refuse = (where: string, expected: string, found: string) =>
    new DataError({ where: `${name}, ${where}`, expected, found })

  if (!(bytes instanceof Uint8Array)) return yield* notBytes(name, bytes)
  const { entries, metadata, start } = yield* Header.read(bytes, name)
  const available = bytes.length - start
  const places = [...entries].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  )
  const tensors: Array<readonly [string, StoredArray]> = []
  let next = 0
  for (const [path, { dtype, shape, data_offsets }] of places) {
    const [begin, end] = data_offsets
    const where = `"${path}"`
    if (begin !== next) {
      return yield* refuse(
        where,
        `data from offset ${next}`,
        `${begin}: ${begin < next ? "an overlap" : "a gap"}`,
      )
    }
    const size = Shape.size(shape) * Header.widths[dtype]
    if (end - begin !== size) {
      return yield* refuse(where, `${size} bytes for ${dtype} ${Shape.format(shape)}`, `${end - begin}`)
    }
    if (end > available) {
      return yield* refuse(
        where,
        `data up to offset ${end}`,
        `${available} bytes of data; the file is truncated`,
      )
    }
    const array = parse(dtype, shape, bytes.slice(start + begin, start + end))
    const bad = array.dtype === "BOOL" ? array.values.findIndex((byte) => byte > 1) : -1
    if (bad >= 0) return yield* refuse(`${where}, element ${bad}`, "0 or 1", String(array.values[bad]))
    tensors.push([path, array])
    next = end
  }
  if (next !== available) {
    return yield* refuse("length", `${start + next} bytes`, `${bytes.length}: ${available - next} too many`)
  }
  return { name, tensors: Object.fromEntries(tensors), metadata }
})
