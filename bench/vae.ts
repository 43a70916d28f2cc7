/**
 * One training step of the VAE 784-400-20 at batch 128 with Adam, its data in memory: Guidepost's, the same by hand
 * on tfjs as it comes, and the same by hand on our kernels.
 */
import { Effect, Exit, ManagedRuntime, Scope } from "effect"
import * as Dataset from "../src/data/Dataset.ts"
import { elbo } from "../src/inference/Elbo.ts"
import { start } from "../src/inference/Loop.ts"
import { adam } from "../src/inference/Optimizer.ts"
import { synchronous } from "../src/inference/programs.ts"
import { make as makeSource } from "../src/inference/Source.ts"
import { svi } from "../src/inference/svi.ts"
import * as Vae from "../src/models/Vae.ts"
import { Backend } from "../src/tensor/Backend.ts"
import * as Key from "../src/tensor/Key.ts"
import { inChild, measure, report, type Stepper } from "./harness.ts"

const rows = 8 * 128
const pixels = 784

/** Guidepost's step: what `fitSVI` does between two reports, batch and metrics read back included. */
export const guidepost = async (values: Float32Array, batchSize: number): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  const scope = Scope.makeUnsafe()
  const driver = await runtime.runPromise(
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(values, [rows, pixels])
      const vae = Vae.make({ inputs: pixels, hidden: 400, latent: 20, size: rows })
      const source = yield* makeSource(data, { batchSize, key: Key.key(0) })
      const programs = synchronous(vae.model, vae.guide, yield* Effect.context<never>())
      const options = { key: Key.key(0), nonFinite: "fail" } as const
      return yield* start(svi(programs, elbo(), adam(1e-3)), source, options)
    }).pipe(Scope.provide(scope)),
  )
  return {
    step: () => Effect.runSync(driver.step),
    dispose: () => {
      void Effect.runPromise(Scope.close(scope, Exit.void)).then(() => runtime.dispose())
    },
  }
}

/** Images like digits in what matters here: their number, and that most pixels are zero. */
const images = (): Float32Array =>
  Key.uniformValues(Key.key(1), [rows, pixels]).map((u) => (u < 0.8 ? 0 : 5 * (u - 0.8)))

/** Prints the comparison. */
export const vae = async (json: boolean): Promise<void> => {
  const data = images()
  const peers = new URL("./vae-peers.ts", import.meta.url)
  const results = await measure(
    [
      {
        case: "vae-step",
        unit: "ms",
        guidepost: await inChild(new URL(import.meta.url), "guidepost", [data, 128]),
        peers: {
          "stock-tfjs-wasm": await inChild(peers, "stock", [data, 128]),
          "hand-written-same-kernels": await inChild(peers, "handWritten", [data, 128]),
        },
      },
    ],
    { rounds: 20, warmup: 3 },
  )
  report(results, { json })
}
