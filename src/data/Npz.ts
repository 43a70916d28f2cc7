/**
 * NumPy's `.npz`: a ZIP archive with one `.npy` file for each array, for those who go on in Python.
 *
 * ```ts
 * const bytes = yield* Npz.encode({ decoder: { w, b } })       // np.load(…)["decoder/w"]
 * const file = yield* Npz.decode(bytes, "vae.npz")             // as np.savez and np.savez_compressed write it
 * const params = yield* Npz.toTreeLike(file, fit.params)
 * ```
 *
 * The archive is the work of the package `fflate`, an optional peer, loaded when it is asked for. A `.npy` file is ten
 * bytes and a line of Python before the values: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
 */
import { Effect, Result } from "effect"
import * as Shape from "../tensor/Shape.ts"
import { DataError, notBytes } from "./errors.ts"
import {
  type ArrayFile,
  type Encodable,
  type FileDtype,
  type Gathered,
  gather,
  parse,
  type StoredArray,
} from "./NamedArrays.ts"
import { widths } from "./SafetensorsHeader.ts"

export { toTree, toTreeLike } from "./NamedArrays.ts"

/**
 * The bytes of an archive with these arrays, not compressed; nested names are joined by "/". Fails with `DataError` as
 * `Safetensors.encode` does, and where there is no package `fflate`.
 */
export const encode = Effect.fnUntraced(function* (
  contents: Encodable,
): Effect.fn.Return<Uint8Array, DataError> {
  const { zipSync } = yield* zip("npz")
  const arrays = yield* gather(contents, { format: "npz" })
  const files = Object.fromEntries([...arrays].map(([path, array]) => [`${path}.npy`, npy(array)]))
  // A fixed time: the same arrays are the same bytes.
  return zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) })
})

/**
 * Reads an archive; `name` is what errors call it. The metadata are empty: the format has none.
 *
 * Fails with `DataError` for what is no archive or is damaged, a member that is no `.npy` file, a dtype that is not
 * numbers or booleans in little-endian order, an array in Fortran's order, and values that are too few or too many.
 */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<ArrayFile, DataError> {
  if (!(bytes instanceof Uint8Array)) return yield* notBytes(name, bytes)
  const { unzipSync } = yield* zip(name)
  const files = Result.try(() => unzipSync(bytes))
  if (Result.isFailure(files)) {
    const found = files.failure instanceof Error ? files.failure.message : String(files.failure)
    return yield* new DataError({ where: name, expected: "a ZIP archive", found })
  }
  const tensors: Record<string, StoredArray> = {}
  for (const [member, content] of Object.entries(files.success)) {
    const where = `${name}, "${member}"`
    if (!member.endsWith(".npy")) {
      return yield* new DataError({ where, expected: "a member whose name ends in .npy", found: member })
    }
    const array = yield* readNpy(content, where)
    Object.defineProperty(tensors, member.slice(0, -".npy".length), { value: array, enumerable: true })
  }
  return { name, tensors, metadata: {} }
})

const zip = (where: string) =>
  Effect.tryPromise({
    try: () => import("fflate"),
    catch: (cause) =>
      new DataError({
        where,
        expected: "the package fflate, which makes and opens archives",
        found: String(cause),
      }),
  })

/** NumPy's names of the dtypes. */
const descriptions: Readonly<Partial<Record<string, FileDtype>>> = {
  "|b1": "BOOL",
  "|u1": "U8",
  "|i1": "I8",
  "<u2": "U16",
  "<i2": "I16",
  "<u4": "U32",
  "<i4": "I32",
  "<u8": "U64",
  "<i8": "I64",
  "<f2": "F16",
  "<f4": "F32",
  "<f8": "F64",
}

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)

/** Version 1.0: the header is padded with spaces so that the values begin at a multiple of 64 bytes. */
const npy = ({ dtype, shape, values }: Gathered): Uint8Array => {
  const descr = Object.keys(descriptions).find((key) => descriptions[key] === dtype)!
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ")
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`
  const length = Math.ceil((10 + header.length + 1) / 64) * 64
  const bytes = new Uint8Array(length + values.byteLength)
  bytes.set(magic)
  bytes[6] = 1
  new DataView(bytes.buffer).setUint16(8, length - 10, true)
  bytes.set(new TextEncoder().encode(`${header.padEnd(length - 11)}\n`), 10)
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), length)
  return bytes
}

const readNpy = (bytes: Uint8Array, where: string): Effect.Effect<StoredArray, DataError> => {
  const refuse = (expected: string, found: string) => Effect.fail(new DataError({ where, expected, found }))
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    return refuse("a .npy file, which begins with \\x93NUMPY", `${bytes.length} bytes that do not`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Versions 2 and 3 have four bytes of length, for headers that are long or not ASCII.
  const [from, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const start = from + length
  if (start > bytes.length)
    return refuse(`a header of ${length} bytes`, `${bytes.length - from} bytes in all`)
  const header = new TextDecoder().decode(bytes.subarray(from, start)).trim()
  const [, descr] = /'descr':\s*'([^']*)'/.exec(header) ?? []
  const [, order] = /'fortran_order':\s*(True|False)/.exec(header) ?? []
  const [, tuple] = /'shape':\s*\(([\d,\s]*)\)/.exec(header) ?? []
  if (descr === undefined || order === undefined || tuple === undefined) {
    return refuse("descr, fortran_order and shape", header.slice(0, 80))
  }
  const dtype = descriptions[descr]
  if (dtype === undefined) return refuse("numbers or booleans, little-endian", `'${descr}'`)
  if (order === "True") return refuse("C order: save np.ascontiguousarray of it", "Fortran's order")
  const shape = tuple
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number)
  const size = Shape.size(shape) * widths[dtype]
  if (bytes.length - start !== size) {
    return refuse(`${size} bytes for ${descr} ${Shape.format(shape)}`, `${bytes.length - start}`)
  }
  return Effect.succeed(parse(dtype, shape, bytes.slice(start)))
}
