/**
 * A trained variational autoencoder as a service: it draws pictures from the prior, and says where in the latent space
 * given pictures lie. Its parameters are on the device for as long as the Layer lives.
 *
 * ```ts
 * const pictures = yield* Pictures
 * const drawn = yield* pictures.generate(16, 42)       // [16][784], the same for the same seed, on every machine
 * const { loc, scale } = yield* pictures.encode(drawn) // q(z | x) of each: [16][20]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import {
  Backend,
  DataError,
  Key,
  MissingParam,
  Normal,
  type Param,
  type Params,
  type ProgramError,
  plate,
  Safetensors,
  sample,
  substitute,
  type Tensor,
  Tree,
  trace,
  Vae,
} from "guidepost"

/** A matrix as JSON has it. */
export type Rows = ReadonlyArray<ReadonlyArray<number>>

/** See the file's head. */
export class Pictures extends Context.Service<
  Pictures,
  {
    /** Pixels a picture. */
    readonly pixels: number
    /** `n` pictures, each the mean of p(x | z) at a z drawn from the prior: numbers in [0, 1]. */
    readonly generate: (n: number, seed: number) => Effect.Effect<Rows, ProgramError>
    /** Mean and standard deviation of q(z | x) for each picture, whose pixels lie in [0, 1]. */
    readonly encode: (
      pictures: Rows,
    ) => Effect.Effect<{ readonly loc: Rows; readonly scale: Rows }, ProgramError>
  }
>()("guidepost/examples/edge/Pictures") {
  /**
   * From the safetensors file of a `Vae` with Bernoulli pixels, of any size; `name` is what errors call it. Its metadata
   * may name the `activation`, "relu" if not. A file that is damaged, or of another model, fails here and not at the
   * first request.
   */
  static layer(file: Uint8Array, name: string): Layer.Layer<Pictures, DataError | ProgramError, Backend> {
    return Layer.effect(Pictures, load(file, name))
  }
}

const load = Effect.fnUntraced(function* (bytes: Uint8Array, name: string) {
  const here = Effect.provideService(Backend, yield* Backend)
  const file = yield* Safetensors.decode(bytes, name)
  const { observations = "bernoulli", activation = "relu" } = file.metadata
  if (observations !== "bernoulli") {
    return yield* new DataError({ where: name, expected: "Bernoulli observations", found: observations })
  }
  const sizes = yield* sizesOf(file)
  const [latent, pixels] = [sizes[0]!, sizes.at(-1)!]
  const vae = Vae.make({
    inputs: pixels,
    hidden: sizes.slice(1, -1).reverse(),
    latent,
    size: 1,
    // A name that there is not is refused when the model is run.
    activation: activation as "relu",
  })
  const params = yield* Effect.acquireRelease(Safetensors.toTree(file), (tree) =>
    Effect.sync(() => Tree.dispose(tree)),
  )
  // A parameter that is not substituted would start at random.
  if (!("encoder" in params)) {
    return yield* new MissingParam({ param: "encoder", known: Object.keys(params) })
  }
  // A file's tree has no type. Where it does not fit, the programs below fail and say where.
  const trained = params as unknown as Trained

  const generate = (n: number, seed: number) => {
    const z = sample("z", Normal.standard([latent])).pipe(plate("pictures", { size: n }))
    const means = Effect.flatMap(z, (z) => Effect.map(vae.decode(z), (mean) => ({ mean })))
    return Effect.map(read(substitute(means, trained), Key.key(seed)), ({ mean }) => mean).pipe(here)
  }
  const encode = (pictures: Rows) => {
    const q = Effect.suspend(() => vae.encode(tf.tensor2d(pictures as Array<Array<number>>)))
    // What an encoder gives are tensors; a distribution's parameters in general may be numbers too.
    const parts = Effect.map(q, ({ base }) => ({ loc: base.loc as Tensor, scale: base.scale as Tensor }))
    return read(substitute(parts, trained), Key.key(0)).pipe(here)
  }

  yield* encode(yield* generate(1, 0))
  return Pictures.of({ pixels, generate, encode })
})

type Sizes = ReadonlyArray<number>
type Trained = Params<
  Param<"encoder", Vae.HeadedParams<Sizes>> | Param<"decoder", Vae.DecoderParams<"bernoulli", Sizes>>
>

/** Runs a program that has its parameters, and copies the matrices that it returns to the host. */
const read = Effect.fnUntraced(function* <K extends string, R>(
  program: Effect.Effect<{ readonly [_ in K]: Tensor }, never, R>,
  key: Key.Key,
) {
  const { result } = yield* trace(program, { key })
  const rows = Object.entries<Tensor>(result).map(([name, x]) => [name, (x as tf.Tensor2D).arraySync()])
  return Object.fromEntries(rows) as { readonly [_ in K]: Rows }
}, Effect.scoped)

/** The decoder's sizes, from latent to pixels: it is they that the file itself knows. */
const sizesOf = Effect.fnUntraced(function* (file: Safetensors.ArrayFile) {
  const depth = Object.keys(file.tensors).filter((path) => /^decoder\/\d+\/kernel$/.test(path)).length
  const kernels = Array.from({ length: depth }, (_, i) => file.tensors[`decoder/${i}/kernel`]?.shape)
  const sizes = [kernels[0]?.[0], ...kernels.map((shape) => shape?.[1])]
  if (sizes.every((size) => size !== undefined)) return sizes
  return yield* new DataError({
    where: file.name,
    expected: `a decoder's matrices, "decoder/0/kernel" and so on`,
    found: Object.keys(file.tensors).join(", ") || "no arrays",
  })
})
