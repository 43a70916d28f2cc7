/** Keys and trees. */
import * as tf from "@tensorflow/tfjs-core"
import { Key, Tree } from "../../src/index.ts"
import { own, type Row, throws } from "./Row.ts"

const key = Key.key(0)
const counts = "whole numbers from 0 to 2³²"
const x = () => own(tf.tensor1d([1, 2, 3]))

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  throws("Key.split", "a negative number of keys", () => Key.split(key, -1),
    "InvalidArgument", "Key.split", counts, "found -1"),
  throws("Key.split", "half a key", () => Key.split(key, 1.5), "InvalidArgument", "Key.split", counts, "found 1.5"),
  throws("Key.bits", "a negative size", () => Key.bits(key, [2, -1]),
    "InvalidArgument", "Key.bits", counts, "[2, -1]"),
  throws("Key.uniformValues", "a size of 1.5", () => Key.uniformValues(key, [1.5]),
    "InvalidArgument", "Key.uniform", counts, "[1.5]"),
  throws("Key.uniform", "NaN as a size", () => Key.uniform(key, [Number.NaN]),
    "InvalidArgument", "Key.uniform", counts, "[NaN]"),
  throws("Key.normalValues", "more than 2³² numbers", () => Key.normalValues(key, [2 ** 17, 2 ** 16]),
    "InvalidArgument", "Key.normal", counts, "[131072, 65536]"),
  throws("Key.normal", "a negative size", () => Key.normal(key, [-3]),
    "InvalidArgument", "Key.normal", counts, "[-3]"),
  throws("Key.gumbel", "a size of 0.5", () => Key.gumbel(key, [2, 0.5]),
    "InvalidArgument", "Key.gumbel", counts, "[2, 0.5]"),
  throws("Key.permutation", "2.5 members", () => Key.permutation(key, 2.5),
    "InvalidArgument", "Key.permutation", counts, "found 2.5"),

  throws("Tree.zipWith", "a tree without one of the names",
    () => Tree.zipWith({ a: { b: x(), c: x() } }, { a: { b: x(), d: x() } }, tf.add),
    "TreeMismatch", "Tree.zipWith", "missing a/c", "unexpected a/d"),
  throws("Tree.zipWith", "a record where the other has a tensor",
    () => Tree.zipWith({ a: x() }, { a: { b: x() } }, tf.add),
    "TreeMismatch", "Tree.zipWith", "a as a tensor", "a as a record"),
  throws("Tree.fromEntries", "one path twice", () => Tree.fromEntries([["a", x()], ["a", x()]]),
    "InvalidArgument", "Tree.fromEntries", "distinct paths", '"a"', "taken already"),
  throws("Tree.fromEntries", "a path below a tensor", () => Tree.fromEntries([["a", x()], ["a/b", x()]]),
    "InvalidArgument", "Tree.fromEntries", '"a/b"', '"a" there is a tensor already'),
  throws("Tree.fromHost", "two values for three",
    () => Tree.fromHost({ w: { shape: [3], values: Float32Array.of(1, 2) } }),
    "ShapeMismatch", "Tree.fromHost", '"w"', "3 values for the shape [3]", "2 values"),
  throws("Tree.unflatten", "one leaf for two", () => Tree.unflatten({ a: x(), b: x() }, [x()]),
    "InvalidArgument", "Tree.unflatten", "2 leaves", "found 1"),
  throws("Tree.ravel", "a longer vector on the way back",
    () => {
      const { flat, unravel } = Tree.ravel({ a: x() })
      own(flat)
      unravel(own(tf.zeros([4])))
    },
    "ShapeMismatch", "Tree.ravel: unravel", "[3]", "[4]"),
]
