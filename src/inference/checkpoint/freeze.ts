/**
 * A state of any algorithm as something that can be written down, and back: tensors by path, and an outline in JSON of
 * what stands around them. Nothing here knows an algorithm.
 *
 *   { params: { w: Tensor }, count: 3 }  ⇄  { params: { w: { $: "params/w" } }, count: 3 }  and  { "params/w": [...] }
 *
 * Records, arrays, tensors, text, booleans, null and all numbers (JSON lacks NaN, the infinities and −0) come back as they
 * were, to the bit. A tensor that stands in several places is written once, and is one tensor again.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { HostArray } from "../../data/NamedArrays.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Shape from "../../tensor/Shape.ts"

/** What JSON can hold. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** A value written down: `outline` refers to `arrays` by their paths. */
export interface Frozen {
  readonly outline: Json
  readonly arrays: { readonly [path: string]: HostArray }
}

/**
 * Writes a value down. Reads its tensors from the device, so this has no place inside a step. Throws `InvalidArgument`,
 * with the path, for what cannot be written: a function, an instance of a class, a disposed tensor.
 */
export const freeze = (value: unknown): Frozen => {
  const arrays = new Map<string, HostArray>()
  const written = new Map<number, string>()
  const put = (tensor: tf.Tensor, path: string): Json => {
    const dtype = dtypes[tensor.dtype]
    if (tensor.isDisposed || dtype === undefined) {
      throw refuse(path, tensor.isDisposed ? "a disposed tensor" : `a tensor of ${tensor.dtype}`)
    }
    const before = written.get(tensor.id)
    if (before !== undefined) return { [TENSOR]: before }
    // A name may hold a "/", so that two ways lead to one path.
    let name = path
    while (arrays.has(name)) name += "'"
    written.set(tensor.id, name)
    // The CPU backend hands out its own buffer, so a copy is needed.
    const values = tensor.dataSync().slice() as HostArray["values"]
    arrays.set(name, { dtype, shape: tensor.shape, values })
    return { [TENSOR]: name }
  }
  const outline = (node: unknown, path: string): Json => {
    if (node instanceof tf.Tensor) return put(node, path)
    if (typeof node === "number") {
      return Number.isFinite(node) && !Object.is(node, -0)
        ? node
        : { [NUMBER]: Object.is(node, -0) ? "-0" : String(node) }
    }
    if (node === null || typeof node === "string" || typeof node === "boolean") return node
    if (Array.isArray(node)) return node.map((item, i) => outline(item, join(path, String(i))))
    if (!isRecord(node)) throw refuse(path, describe(node))
    const record = Object.fromEntries(
      Object.entries(node).flatMap(([name, child]) =>
        child === undefined ? [] : [[name, outline(child, join(path, name))]],
      ),
    )
    return isMark(record) ? { [RECORD]: record } : record
  }
  return { outline: outline(value, ""), arrays: Object.fromEntries(arrays) }
}

/**
 * The value again, with new tensors for the caller's tidy or scope to own. Throws `InvalidArgument`, with the path, where
 * the outline refers to an array that is not there, or one of an unknown dtype.
 */
export const thaw = ({ outline, arrays }: Frozen): unknown => {
  const tensors = new Map<string, tf.Tensor>()
  const tensor = (path: string): tf.Tensor => {
    const before = tensors.get(path)
    if (before !== undefined) return before
    const array = Object.hasOwn(arrays, path) ? arrays[path] : undefined
    const dtype = (Object.keys(dtypes) as Array<Dtype>).find((name) => dtypes[name] === array?.dtype)
    if (array === undefined || dtype === undefined)
      throw refuse(path, array === undefined ? "nothing" : String(array.dtype))
    const made = tf.tensor(array.values.slice() as Float32Array, [...array.shape], dtype)
    tensors.set(path, made)
    return made
  }
  const value = (node: Json): unknown => {
    if (typeof node !== "object" || node === null) return node
    if (isList(node)) return node.map(value)
    if (typeof node[TENSOR] === "string" && isMark(node)) return tensor(node[TENSOR])
    if (typeof node[NUMBER] === "string" && isMark(node)) return Number(node[NUMBER])
    const record = isMark(node) && node[RECORD] !== undefined ? node[RECORD] : node
    return Object.fromEntries(
      Object.entries(record as object).map(([name, child]) => [name, value(child as Json)]),
    )
  }
  return value(outline)
}

/** The tensors of a value by path, and what each is: `float32 [20, 400]`. A path that ends in "/" is an empty record. */
export const census = (value: unknown): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const visit = (node: unknown, path: string): void => {
    if (node instanceof tf.Tensor) found.set(path, `${node.dtype} ${Shape.format(node.shape)}`)
    else if (typeof node === "object" && node !== null) {
      const members = Object.entries(node)
      if (members.length === 0) found.set(`${path}/`, "nothing")
      for (const [name, child] of members) visit(child, join(path, name))
    }
  }
  visit(value, "")
  return found
}

// Each mark is the only name of its record; a record that looks like one is put inside another.
const TENSOR = "$"
const NUMBER = "#"
const RECORD = "="

const isMark = (record: { readonly [name: string]: Json }): boolean => {
  const names = Object.keys(record)
  return names.length === 1 && (names[0] === TENSOR || names[0] === NUMBER || names[0] === RECORD)
}

type Dtype = "float32" | "int32" | "bool"

const dtypes: { readonly [dtype: string]: "F32" | "I32" | "BOOL" | undefined } = {
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
}

const join = (path: string, name: string): string => (path === "" ? name : `${path}/${name}`)

const isList = (node: Json): node is ReadonlyArray<Json> => Array.isArray(node)

const isRecord = (node: unknown): node is object => {
  if (typeof node !== "object" || node === null) return false
  const prototype = Object.getPrototypeOf(node)
  return prototype === Object.prototype || prototype === null
}

const describe = (node: unknown): string =>
  typeof node === "object" ? `an instance of ${node!.constructor.name}` : `a ${typeof node}`

const refuse = (path: string, found: string): InvalidArgument =>
  new InvalidArgument({
    where: `checkpoint: "${path}"`,
    expected: "tensors of float32, int32 or bool, numbers, text, booleans, and records and arrays of these",
    found,
  })
