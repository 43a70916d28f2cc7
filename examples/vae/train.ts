/**
 * Fits one variational autoencoder and shows how it goes.
 */
import { Effect } from "effect"
import { fitSVI, Key, Optimizer, Vae } from "guidepost"
import { Progress } from "../lib/Progress.ts"
import { Stop } from "../lib/Stop.ts"
import { Curve } from "./Curve.ts"
import type { Data } from "./data.ts"
import type { Network } from "./options.ts"

/** A model with a Bernoulli for each pixel, fitted until the epochs are over or the person says stop. */
export const train = Effect.fnUntraced(function* (
  { train, test, shape }: Data,
  { hidden, latent, epochs, batch, learningRate, seed }: Network,
) {
  const inputs = shape[0] * shape[1]
  const vae = Vae.make({ inputs, hidden, latent, size: train.size })

  const sizes = [inputs, ...hidden, latent]
  const title = sizes.join("-")
  const progress = yield* Progress
  const task = yield* progress.task(title)
  const curve = new Curve(train.size)
  const fit = yield* fitSVI(vae.model, vae.guide, train, {
    key: Key.key(seed),
    batchSize: batch,
    epochs,
    optimizer: Optimizer.adam(learningRate),
    heldOut: { data: test, batchSize: Math.min(500, test.size) },
    until: (yield* Stop).requested,
    onStep: (report) => {
      const { elbo, rate } = curve.step(report)
      const done = (report.epoch - 1 + report.batch / report.batches) / epochs
      const text = `epoch ${report.epoch}/${epochs}  ELBO ${elbo.toFixed(2)}  ${rate} images/s`
      return task.at(done, text)
    },
    onEpoch: (report) => {
      const { elbo, heldOut, rate } = curve.epoch(report)
      const text = `train ELBO ${elbo.toFixed(2)}  test ELBO ${heldOut.toFixed(2)}  ${rate} images/s`
      return progress.line(
        `${title}  epoch ${report.epoch}/${epochs}  ${text}  ${report.seconds.toFixed(1)} s`,
      )
    },
  })
  curve.end()
  yield* task.end
  if (fit.ended === "until") {
    yield* progress.line(
      `Stopped after ${fit.steps} steps. Writing what there is; Ctrl-C again quits at once.`,
    )
  }
  return { vae, fit, curve, title, sizes }
})

/** What `train` gives. */
export type Trained = Effect.Success<ReturnType<typeof train>>
