/** Readers and data sets. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Stream } from "effect"
import { Dataset, Idx, Images, Key, Labels, Safetensors } from "../../src/index.ts"
import { fails, own, type Row, throws, untyped } from "./Row.ts"

const key = Key.key(0)
const idx = (...bytes: ReadonlyArray<number>) => Idx.parse(Uint8Array.from(bytes), "train.idx")
/** Two images of 1 × 2 pixels; two labels. */
const images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]
const labels = (...values: ReadonlyArray<number>) => [0, 0, 8, 1, 0, 0, 0, values.length, ...values]
const four = () => Dataset.fromArray([0, 0.5, 1, 0.25], [4])
const paired = (imageBytes: ReadonlyArray<number>, labelBytes: ReadonlyArray<number>, options = {}) =>
  Effect.gen(function* () {
    return yield* Images.pair(
      yield* Idx.parse(Uint8Array.from(imageBytes), "images.idx"),
      yield* Idx.parse(Uint8Array.from(labelBytes), "labels.idx"),
      options,
    )
  })

/** A safetensors file of this header and so many bytes of data. */
const stored = (header: string, size: number) => {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + size)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return Safetensors.decode(bytes, "vae.safetensors")
}

const noBytes = () => Stream.empty

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("Dataset.fromArray", "NaN", () => Dataset.fromArray([1, 2, 3, Number.NaN], [2, 2]),
    "DataError", "row 1, column 1", "a finite number", "found NaN"),
  fails("Dataset.fromArray", "too few values", () => Dataset.fromArray([1, 2, 3], [2, 2], { name: "pixels" }),
    "DataError", "pixels", "4 values for the shape [2, 2]", "3 values"),
  fails("Dataset.fromArray", "no rows", () => Dataset.fromArray([], [0, 2]),
    "DataError", "data, shape", "at least 1", "[0, 2]"),
  fails("Dataset.fromArray", "a scalar's shape", () => Dataset.fromArray([1], []),
    "DataError", "data, shape", "[N, ...row]", "[]"),
  fails("Dataset.fromArray", "a scale of 0", () => Dataset.fromArray([1], [1], { scale: 0 }),
    "DataError", "data, scale", "other than 0", "found 0"),
  fails("Dataset.fromArray", "fractions as int32", () => Dataset.fromArray([1, 0.5], [2], { dtype: "int32" }),
    "DataError", "row 1", "a whole number", "found 0.5"),
  fails("Dataset.fromArray", "no array", () => Dataset.fromArray(untyped("1, 2"), [2]),
    "DataError", "data", "an array of numbers", "found 1, 2"),
  fails("Dataset.fromArray", "a dtype that there is not",
    () => Dataset.fromArray([1], [1], { dtype: untyped("float64") }),
    "DataError", "data, dtype", "float32", "float64"),
  fails("Dataset.fromRecord", "fields of different lengths",
    () => Dataset.fromRecord({ x: { values: [1, 2, 3], shape: [3] }, y: { values: [1, 2], shape: [2] } }),
    "DataError", "y", "3 rows, as in x", "found 2"),
  fails("Dataset.fromRecord", "no fields", () => Dataset.fromRecord({}),
    "DataError", "at least one field", "none"),
  fails("Dataset.fromRecord", "a name with a slash",
    () => Dataset.fromRecord({ "a/b": { values: [1], shape: [1] } }),
    "DataError", "fields", 'names without "/"', '"a/b"'),
  fails("Dataset.fromTensors", "a scalar", () => Dataset.fromTensors({ x: own(tf.scalar(1)) }),
    "DataError", "x, shape", "[N, ...row]", "[]"),
  fails("Dataset.fromTensors", "a disposed tensor",
    () => {
      const gone = tf.zeros([2])
      gone.dispose()
      return Dataset.fromTensors({ x: gone })
    },
    "DataError", "x", "disposed"),
  fails("Dataset.fromTensors", "text", () => Dataset.fromTensors({ x: own(tf.tensor(["a", "b"])) }),
    "DataError", "x", "numbers or bools", "string"),
  fails("Dataset.streamed", "no fields", () => Dataset.streamed({}),
    "DataError", "at least one field", "none"),
  fails("Dataset.streamed", "a name with a slash", () => Dataset.streamed({ "a/b": { bytes: noBytes, shape: [1] } }),
    "DataError", "fields", 'names without "/"', '"a/b"'),
  fails("Dataset.streamed", "fields of different lengths",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [3] }, y: { bytes: noBytes, shape: [2, 2] } }),
    "DataError", "y", "3 rows, as in x", "found 2"),
  fails("Dataset.streamed", "no rows", () => Dataset.streamed({ x: { bytes: noBytes, shape: [0, 2] } }),
    "DataError", "x, shape", "at least 1", "[0, 2]"),
  fails("Dataset.streamed", "a scalar's shape", () => Dataset.streamed({ x: { bytes: noBytes, shape: [] } }),
    "DataError", "x, shape", "[N, ...row]", "[]"),
  fails("Dataset.streamed", "a scale of int32",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [1], stored: "int32", scale: 2 } }),
    "DataError", "x, scale", "no scale for int32", "found 2"),
  fails("Dataset.streamed", "a kind of value that there is not",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [1], stored: untyped("float64") } }),
    "DataError", "x, stored", "float32, int32 or uint8", "float64"),
  fails("Dataset.streamed", "a dtype that there is not",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [1], dtype: untyped("float16") } }),
    "DataError", "x, dtype", "float32, int32 or bool", "float16"),
  fails("Dataset.streamed", "a path for the bytes",
    () => Dataset.streamed({ x: { bytes: untyped("x.f32"), shape: [1] } }),
    "DataError", "x, bytes", "a function of a range, or a Stream", "string"),
  fails("Dataset.streamed", "a window of no blocks",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [1] } }, { window: 0 }),
    "InvalidArgument", "Dataset.streamed, window", "at least 1", "found 0"),
  fails("Dataset.streamed", "half a row a block",
    () => Dataset.streamed({ x: { bytes: noBytes, shape: [1] } }, { blockRows: 0.5 }),
    "InvalidArgument", "Dataset.streamed, blockRows", "at least 1", "found 0.5"),
  fails("Dataset.binarized", "values above 1",
    () => Effect.flatMap(Dataset.fromArray([0, 2], [2]), (data) => Dataset.binarized(data, "dynamic")),
    "DataError", "binarized", "[0, 1]", "[0, 2]"),
  fails("Dataset.binarized", "an unknown field",
    () =>
      Effect.flatMap(Dataset.fromRecord({ x: { values: [0, 1], shape: [2] } }), (data) =>
        Dataset.binarized(data, "dynamic", { fields: ["xx"] }),
      ),
    "DataError", "binarized, fields", '"x" (float32)', '"xx"'),
  fails("Dataset.binarized", "a threshold of 0",
    () => Effect.flatMap(four(), (data) => Dataset.binarized(data, { threshold: 0 })),
    "DataError", "threshold", "above 0 and at most 1", "found 0"),
  fails("Dataset.binarized", "a way that there is not",
    () => Effect.flatMap(four(), (data) => Dataset.binarized(data, untyped("static"))),
    "DataError", "binarized", '"dynamic"', "static"),
  fails("Dataset.subset", "no rows",
    () => Effect.flatMap(four(), (data) => Dataset.subset(data, Int32Array.of())),
    "InvalidArgument", "Dataset.subset", "at least one index", "none"),
  fails("Dataset.subset", "a row that there is not",
    () => Effect.flatMap(four(), (data) => Dataset.subset(data, Int32Array.of(0, 4))),
    "InvalidArgument", "Dataset.subset", "from 0 to 3", "found 4"),
  fails("Dataset.slice", "an end before its start",
    () => Effect.flatMap(four(), (data) => Dataset.slice(data, 3, 2)),
    "InvalidArgument", "Dataset.slice", "0 ≤ start < end ≤ 4", "start 3, end 2"),
  fails("Dataset.trainTestSplit", "a fraction of 1",
    () => Effect.flatMap(four(), (data) => Dataset.trainTestSplit(data, { key, fraction: 1 })),
    "InvalidArgument", "Dataset.trainTestSplit, fraction", "between 0 and 1", "found 1"),
  fails("Dataset.trainTestSplit", "NaN",
    () => Effect.flatMap(four(), (data) => Dataset.trainTestSplit(data, { key, fraction: Number.NaN })),
    "InvalidArgument", "fraction", "found NaN"),
  fails("Dataset.batches", "a batch larger than the data",
    () => Dataset.batches({ size: 4 }, { batchSize: 5, key, epoch: 0 }),
    "InvalidArgument", "batchSize", "from 1 to the data set's 4 rows", "found 5"),
  fails("Dataset.batches", "an epoch of −1",
    () => Dataset.batches({ size: 4 }, { batchSize: 2, key, epoch: -1 }),
    "InvalidArgument", "epoch", "at least 0", "found -1"),
  throws("Dataset.map", "a row that there is not",
    () => {
      const data = Effect.runSync(four())
      Dataset.map(data, (x) => tf.mul(x, 2)).take(Int32Array.of(-1), key)
    },
    "InvalidArgument", "Dataset.take", "from 0 to 3", "found -1"),

  fails("Idx.parse", "no bytes", () => idx(),
    "DataError", "train.idx, header", "at least 4 bytes", "0 bytes"),
  fails("Idx.parse", "a gzip file", () => idx(0x1f, 0x8b, 8, 0, 0),
    "DataError", "train.idx, bytes 0-1", "gzip", "decompress"),
  fails("Idx.parse", "text", () => idx(0x50, 0x4b, 3, 4), "DataError", "bytes 0-1", "00 00", "50 4b"),
  fails("Idx.parse", "an unknown type", () => idx(0, 0, 7, 1, 0, 0, 0, 1, 5),
    "DataError", "byte 2", "a type code", "found 07"),
  fails("Idx.parse", "no dimensions", () => idx(0, 0, 8, 0),
    "DataError", "byte 3", "a rank of at least 1", "found 0"),
  fails("Idx.parse", "a header cut short", () => idx(0, 0, 8, 2, 0, 0, 0, 1),
    "DataError", "header", "12 bytes for rank 2", "8 bytes", "truncated"),
  fails("Idx.parse", "a size of 0", () => idx(0, 0, 8, 1, 0, 0, 0, 0),
    "DataError", "dimension 0", "at least 1", "found 0"),
  fails("Idx.parse", "values cut short", () => idx(...images.slice(0, -1)),
    "DataError", "length", "20 bytes", "19 bytes: truncated by 1"),
  fails("Idx.parse", "values too many", () => idx(...images, 5),
    "DataError", "length", "20 bytes", "1 too many"),
  fails("Idx.parse", "no array", () => Idx.parse(untyped("bytes"), "train.idx"),
    "DataError", "train.idx", "a Uint8Array", "found String"),
  fails("Images.fromIdx", "labels", () => Effect.flatMap(idx(...labels(1, 2)), Images.fromIdx),
    "DataError", "train.idx", "uint8 of rank 2 or more", "rank 1"),
  fails("Images.pair", "labels too few", () => paired(images, labels(1)),
    "DataError", "labels.idx", "2 labels, one for each image of images.idx", "found 1"),
  fails("Images.pair", "images as labels", () => paired(images, images),
    "DataError", "labels.idx", "rank 1", "rank 3"),
  fails("Images.pair", "a label out of range", () => paired(images, labels(1, 10)),
    "DataError", "labels.idx, row 1", "from 0 to 9", "found 10"),
  fails("Images.dataset", "too few pixels",
    () => Images.dataset({ name: "mine", size: 2, shape: [2, 2], pixels: new Uint8Array(6) }),
    "DataError", "mine", "8", "found 6"),
  fails("Labels.labels", "a label out of range", () => Labels.labels([0, 1, 3], 3),
    "DataError", "labels, row 2", "from 0 to 2", "found 3"),
  fails("Labels.labels", "half a label", () => Labels.labels([0, 0.5], 3, "digits"),
    "DataError", "digits, row 1", "a whole number", "found 0.5"),
  fails("Labels.labels", "none", () => Labels.labels([], 3),
    "DataError", "labels", "at least one label", "none"),
  fails("Labels.labels", "no classes", () => Labels.labels([0], 0),
    "DataError", "labels, classes", "at least 1", "found 0"),

  fails("Safetensors.decode", "no bytes", () => Safetensors.decode(new Uint8Array(0), "vae.safetensors"),
    "DataError", "vae.safetensors, header", "8 bytes", "0 bytes"),
  fails("Safetensors.decode", "another format",
    () => Safetensors.decode(new TextEncoder().encode("PK34 this is a zip file"), "vae.safetensors"),
    "DataError", "vae.safetensors", "no safetensors file"),
  fails("Safetensors.decode", "a header cut short",
    () => Safetensors.decode(Uint8Array.of(90, 0, 0, 0, 0, 0, 0, 0, 123), "vae.safetensors"),
    "DataError", "header", "98 bytes", "9 bytes", "truncated"),
  fails("Safetensors.decode", "no JSON", () => stored("{nothing", 0), "DataError", "header", "JSON"),
  fails("Safetensors.decode", "an unknown dtype",
    () => stored('{"w":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}}', 1),
    "DataError", '"w"', "dtype, shape and data_offsets", "F8"),
  fails("Safetensors.decode", "fewer bytes than the shape",
    () => stored('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4),
    "DataError", '"w"', "8 bytes for F32 [2]", "found 4"),
  fails("Safetensors.decode", "values cut short",
    () => stored('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 5),
    "DataError", '"w"', "offset 8", "5 bytes", "truncated"),
  fails("Safetensors.decode", "bytes that belong to nothing",
    () => stored('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 6),
    "DataError", "length", "2 too many"),
  fails("Safetensors.decode", "one name twice",
    () =>
      stored(
        '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
    "DataError", "distinct names", '"w" twice'),
  fails("Safetensors.decode", "no array", () => Safetensors.decode(untyped("bytes"), "vae.safetensors"),
    "DataError", "vae.safetensors", "a Uint8Array", "found String"),
  fails("Safetensors.encode", "values that do not fit the shape",
    () => Safetensors.encode({ w: { shape: [3], values: Float32Array.of(1, 2) } }),
    "DataError", '"w"', "values for the shape [3]", "2 values"),
  fails("Safetensors.encode", "values that do not fit the dtype",
    () => Safetensors.encode({ w: { shape: [1], values: Float32Array.of(1), dtype: "I32" } }),
    "DataError", '"w"', "I32", "Float32Array"),
  fails("Safetensors.encode", "one name twice",
    () =>
      Safetensors.encode({
        "a/b": { shape: [1], values: Uint8Array.of(1) },
        a: { b: { shape: [1], values: Uint8Array.of(1) } },
      }),
    "DataError", '"a/b"', "distinct names"),
  fails("Safetensors.encode", "a lone tensor", () => Safetensors.encode(own(tf.scalar(1))),
    "DataError", "safetensors", "name"),
  fails("Safetensors.encode", "a disposed tensor",
    () => {
      const gone = tf.zeros([2])
      gone.dispose()
      return Safetensors.encode({ w: gone })
    },
    "DataError", '"w"', "disposed"),
  fails("Safetensors.encode", "a number", () => Safetensors.encode(untyped({ net: { w: 3 } })),
    "DataError", '"net/w"', "a tensor", "found 3"),
  fails("Safetensors.toTree", "a whole number beyond 32 bits",
    () =>
      Safetensors.toTree({
        name: "vae.safetensors",
        metadata: {},
        tensors: { n: { dtype: "I64", shape: [2], values: BigInt64Array.of(1n, 2n ** 40n) } },
      }),
    "DataError", 'vae.safetensors, "n", element 1', "within 32 bits", "found 1099511627776"),
  fails("Safetensors.toTree", "an array that is also a record",
    () =>
      Safetensors.toTree({
        name: "vae.safetensors",
        metadata: {},
        tensors: {
          a: { dtype: "U8", shape: [1], values: Uint8Array.of(1) },
          "a/b": { dtype: "U8", shape: [1], values: Uint8Array.of(1) },
        },
      }),
    "DataError", 'vae.safetensors, "a"', '"a/…"'),
]
