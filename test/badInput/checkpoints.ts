/** Checkpoints: where they go, what is read, and which fit goes on from which; programs that are inspected. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Checkpoint,
  closedForm,
  fitEM,
  fitSVI,
  inspect,
  Key,
  Normal,
  Npz,
  Optimizer,
  observe,
  param,
  resume,
  Storage,
  StorageError,
  sample,
} from "../../src/index.ts"
import { fitted, guide, model, y } from "./models.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

/** A fit of two steps, with an option besides, in a storage that forgets. */
const inMemory = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideServiceEffect(effect, Storage, Storage.memory)

const writing = (checkpoint: object) => inMemory(fitted({ checkpoint }))

/** A fit that goes on from the checkpoint of another. */
const after = (
  options: object,
  change: (checkpoint: Checkpoint.Checkpoint) => Checkpoint.Checkpoint = (c) => c,
) =>
  Effect.gen(function* () {
    const fit = yield* fitted({ key: Key.key(1) })
    return yield* fitted({ steps: 4, ...options, resume: change(yield* fit.checkpoint) })
  })

/** The bytes of a checkpoint, changed, and read again. */
const reading = (change: (bytes: Uint8Array) => Uint8Array) =>
  Effect.gen(function* () {
    const fit = yield* fitted({})
    return yield* Checkpoint.decode(
      change(yield* Checkpoint.encode(yield* fit.checkpoint)),
      "old.safetensors",
    )
  })

const other = Effect.fnUntraced(function* (y: tf.Tensor) {
  const loc = yield* sample("loc", Normal({ loc: 0, scale: 1 }))
  yield* observe(
    "y",
    Normal({ loc: tf.add(loc, yield* param("shift", [0, 0])), scale: 1 }).toEvent(1),
    tf.slice(y, 0, 2),
  )
})

const about = (given: object) => (checkpoint: Checkpoint.Checkpoint) => ({
  ...checkpoint,
  about: { ...checkpoint.about, ...given },
})

const broken = (operation: "read" | "write"): Effect.Effect<Storage> =>
  Effect.map(Storage.memory, (storage) => ({
    ...storage,
    [operation]: (path: string) =>
      Effect.fail(new StorageError({ operation, path, reason: "no space left on device" })),
  }))

const one = { dtype: "F32", shape: [], values: new Float32Array(1) } as const

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("fitSVI", "no path for checkpoints", () => writing({ path: "" }),
    "InvalidArgument", "checkpoint: path", "a path", '""'),
  fails("fitSVI", "checkpoints every 0 steps", () => writing({ path: "a", every: 0 }),
    "InvalidArgument", "checkpoint: every", "at least 1", "found 0"),
  fails("fitSVI", "checkpoints every now and then", () => writing({ path: "a", every: "now and then" }),
    "InvalidArgument", "checkpoint: every", "a time", "now and then"),
  fails("fitSVI", "half a checkpoint kept", () => writing({ path: "a", keep: 0.5 }),
    "InvalidArgument", "checkpoint: keep", "at least 1", "found 0.5"),
  fails("fitSVI", "checkpoints to a full disk", () => Effect.provideServiceEffect(fitted({ checkpoint: { path: "a" } }), Storage, broken("write")),
    "CheckpointError", "checkpoint a", "no space left", "what was there before is untouched"),
  fails("fitSVI", "a checkpoint under another key", () => after({ key: Key.key(2) }),
    "CheckpointError", "the key { hi: 0, lo: 2 }", "found { hi: 0, lo: 1 }", "leave `key` out"),
  fails("fitSVI", "a checkpoint of other data", () => after({}, about({ size: 5 })),
    "CheckpointError", "rows of data: 4", "found 5", "resume on the same data"),
  fails("fitSVI", "a checkpoint of other batches", () => after({}, about({ batchSize: 2 })),
    "CheckpointError", "rows of a batch: 4", "found 2", "the same batchSize"),
  fails("fitSVI", "a checkpoint of another optimizer", () => after({ optimizer: Optimizer.sgd(0.1) }),
    "CheckpointError", "the state of this model", "+ state/optimizer", "the optimizer that wrote it"),
  fails("fitSVI", "a checkpoint of another model", () => Effect.gen(function* () {
      const { checkpoint } = yield* fitted({})
      return yield* fitSVI(untyped(other), untyped(guide), y(), { steps: 4, resume: yield* checkpoint })
    }),
    "CheckpointError", "− state/params/shift float32 [2]", "resume with the model"),
  fails("fitSVI", "a checkpoint without a position", () => after({}, (c) => ({ ...c, frozen: { outline: {}, arrays: {} } })),
    "CheckpointError", "the position of a fit", "something else"),
  fails("fitSVI", "a checkpoint that lacks an array", () => after({}, (c) => ({ ...c, frozen: { ...c.frozen, arrays: {} } })),
    "InvalidArgument", "checkpoint:", "found nothing"),
  fails("fitEM", "a checkpoint of fitSVI", () => Effect.gen(function* () {
      const { checkpoint } = yield* fitted({})
      return yield* fitEM(untyped(model), y(), { mStep: closedForm(() => ({})), resume: yield* checkpoint })
    }),
    "CheckpointError", "a checkpoint of EM by", "found fitSVI", "the function that wrote it"),
  fails("resume", "no file", () => inMemory(resume("nowhere.safetensors")),
    "CheckpointError", "nowhere.safetensors", "found none", "resume.ifPresent"),
  fails("resume", "a disk that cannot be read", () => Effect.provideServiceEffect(resume("a"), Storage, broken("read")),
    "CheckpointError", "a storage that can read it", "no space left"),
  fails("Checkpoint.decode", "half a file", () => reading((bytes) => bytes.subarray(0, bytes.length / 2)),
    "CheckpointError", "old.safetensors", "truncated", "resume from an older one"),
  fails("Checkpoint.decode", "a bit that has turned", () => reading((bytes) => {
      bytes[bytes.length - 1]! ^= 1
      return bytes
    }),
    "CheckpointError", "the SHA-256", "the file is damaged"),
  fails("Checkpoint.decode", "a text", () => Checkpoint.decode(new TextEncoder().encode("Dear reader"), "letter.txt"),
    "CheckpointError", "letter.txt", "the file is damaged"),
  fails("Checkpoint.encode", "an array at odds with its shape", () => Checkpoint.encode({
      about: { algorithm: "fitSVI", key: Key.key(0), size: 1, batchSize: 1, step: 1 },
      name: "a",
      frozen: { outline: {}, arrays: { w: { shape: [2], values: new Float32Array(3) } } },
    }),
    "CheckpointError", "values for the shape [2]", "3 values"),
  fails("inspect", "a scale below zero", () => inspect(sample("z", Normal({ loc: 0, scale: -1 }))),
    "InvalidParameter", "scale", "-1"),
  fails("Npz.decode", "a text", () => Npz.decode(new TextEncoder().encode("Dear reader"), "letter.npz"),
    "DataError", "letter.npz", "a ZIP archive"),
  fails("Npz.decode", "no bytes", () => Npz.decode(untyped("bytes"), "a.npz"), "DataError", "a.npz", "a Uint8Array", "String"),
  fails("Npz.encode", "values at odds with their shape",
    () => Npz.encode({ w: { shape: [2], values: new Float32Array(3) } }),
    "DataError", 'npz, "w"', "values for the shape [2]", "3 values"),
  fails("Npz.toTree Safetensors.toTree", "a name that is also a folder",
    () => Npz.toTree({ name: "a.npz", metadata: {}, tensors: { a: one, "a/b": one } }),
    "DataError", 'a.npz, "a"', "an array or a record of arrays"),
  fails("Npz.toTreeLike Safetensors.toTreeLike", "another model's arrays",
    () => Npz.toTreeLike({ name: "a.npz", metadata: {}, tensors: { a: one } }, { b: own(tf.zeros([2])) }),
    "DataError", "a.npz", "the names and shapes of 1 arrays", "− b [2]; + a []"),
]
