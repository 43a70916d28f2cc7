/**
 * A variational autoencoder learns MNIST: the main job, `npm start`.
 *
 * Reads the images, fits 784-400-20, saves its parameters, draws what it has learned, measures how good it is; then
 * fits a second model with two latent dimensions, to draw its plane. `npm start -- --help` shows the options.
 *
 * The library at work is in three short files beside this one: `train.ts` (a model and its guide, fitted),
 * `pictures.ts` (programs run with fitted parameters) and `report.ts` (the bound, and the log-likelihood).
 */
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { CliConfig, CliError, Command, GlobalFlag } from "effect/cli"
import { Backend, Safetensors } from "guidepost"
import * as Folder from "../lib/Folder.ts"
import { Progress } from "../lib/Progress.ts"
import { runMain, Stop } from "../lib/Stop.ts"
import { learningCurve } from "./chart.ts"
import { load } from "./data.ts"
import { flags, little, type Settings, settings } from "./options.ts"
import * as pictures from "./pictures.ts"
import { report } from "./report.ts"
import { type Trained, train } from "./train.ts"

const job = Effect.fnUntraced(function* (settings: Settings) {
  const { line } = yield* Progress
  const stop = yield* Stop
  const { write, summary } = yield* Folder.open(settings.out)

  const data = yield* load(settings)
  yield* line(
    `${data.train.size.toLocaleString("en")} images to learn from, ${data.test.size.toLocaleString("en")} held out. Ctrl-C stops early.`,
  )
  const digits = yield* train(data, settings)
  yield* write("vae.safetensors", yield* parameters(digits, settings), "the parameters")
  yield* write("curve.png", yield* learningCurve(digits), "the ELBO over the epochs")
  yield* write("reconstructions.png", yield* pictures.reconstructions(digits, data), "originals and copies")
  yield* write("samples.png", yield* pictures.samples(digits, data, settings.seed), "new digits")

  const stopped = yield* stop.isRequested
  yield* line(`\n${yield* report(digits, data, stopped ? { ...settings, ...little } : settings)}`)

  if (yield* stop.isRequested) {
    yield* line("\nThe second model, with two latent dimensions, is left out.")
  } else {
    yield* line("\nA second model, with two latent dimensions")
    const plane = yield* train(data, { ...settings, ...settings.plane })
    yield* write("manifold.safetensors", yield* parameters(plane, settings), "the second model's parameters")
    yield* write("manifold.png", yield* pictures.manifold(plane, data), "the plane of its latents")
  }
  yield* line(`\nWritten:\n${summary()}`)
})

/** The parameters as a safetensors file, with what one needs to build the model again. */
const parameters = ({ fit, sizes }: Trained, { seed, binarize }: Settings) =>
  Safetensors.encode(fit.params, {
    model: "Vae",
    sizes: sizes.join("-"),
    observations: "bernoulli",
    activation: "relu",
    steps: String(fit.steps),
    seed: String(seed),
    binarize,
  })

const command = Command.make("npm start --", flags, (given) => {
  const chosen = settings(given)
  return job(chosen).pipe(
    Effect.scoped,
    Effect.provide([Progress.layer, chosen.backend === "wasm" ? Backend.wasm() : Backend.cpu()]),
    Effect.mapError((error) => new CliError.UserError({ cause: error })),
  )
}).pipe(
  Command.withDescription(
    "Fits a variational autoencoder to MNIST, draws what it has learned and measures how good it is. " +
      "Ctrl-C ends the fit and writes what there is; a second one quits at once.",
  ),
)

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, CliConfig.layer({ builtIns: [GlobalFlag.Help] })]),
  runMain,
)
