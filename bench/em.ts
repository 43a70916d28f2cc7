/**
 * Expectation maximization of a Gaussian mixture, 100,000 × 16 numbers and 8 components, an iteration at a time: beside
 * the npm package `gaussian-mixture-model` (full covariances alone), and beside scikit-learn where `python3` (or `PYTHON`) has it.
 */
import { spawnSync } from "node:child_process"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, ManagedRuntime, Scope } from "effect"
import { run } from "../src/effects/run.ts"
import { alternation } from "../src/inference/em/alternation.ts"
import { exact } from "../src/inference/em/exact.ts"
import { closedForm } from "../src/inference/em/mStep.ts"
import { start } from "../src/inference/Loop.ts"
import { make as makeSource } from "../src/inference/Source.ts"
import * as GaussianMixture from "../src/models/GaussianMixture.ts"
import { Backend } from "../src/tensor/Backend.ts"
import * as Key from "../src/tensor/Key.ts"
import { type Contender, inChild, measure, report, type Stepper } from "./harness.ts"

const rows = 100_000
const dimensions = 16
const components = 8

export type Shared = "diagonal" | "full"

/** Points about eight corners, and the corners moved: where every contender starts, with unit covariances. */
const setting = () => {
  const corners = Key.normalValues(Key.key(1), [components, dimensions]).map((z) => 2 * z)
  const noise = Key.normalValues(Key.key(2), [rows, dimensions])
  const values = noise.map((z, i) => z + corners[((i % rows) % components) * dimensions + (i % dimensions)]!)
  const first = Key.normalValues(Key.key(3), [components, dimensions]).map((z, i) => corners[i]! + 0.5 * z)
  return { values, first }
}

/** Guidepost's iteration: what `fitEM` does between two reports, the bound read back included. */
export const guidepost = async (covariance: Shared): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  const scope = Scope.makeUnsafe()
  const { values, first } = setting()
  const driver = await runtime.runPromise(
    Effect.gen(function* () {
      const mixture = GaussianMixture.make({ components, dimensions, covariance, size: rows })
      const x = tf.tensor(values, [rows, dimensions])
      const params = {
        weights: tf.fill([components], 1 / components),
        loc: tf.tensor(first, [components, dimensions]),
        scale:
          covariance === "full"
            ? tf.tile(tf.expandDims(tf.eye(dimensions), 0), [components, 1, 1])
            : tf.ones([components, dimensions]),
      }
      const services = yield* Effect.context<never>()
      const algorithm = alternation<tf.Tensor, {}, {}>(
        (batch, options) => run(mixture.model(batch), services, options),
        exact(),
        closedForm(mixture.maximize),
        params,
      )
      const source = yield* makeSource(x, { key: Key.key(0) })
      return yield* start(algorithm, source, { key: Key.key(0), nonFinite: "fail" as const })
    }).pipe(Scope.provide(scope)),
  )
  return {
    step: () => Effect.runSync(driver.step as Effect.Effect<unknown>),
    dispose: () => {
      void Effect.runPromise(Scope.close(scope, Exit.void)).then(() => runtime.dispose())
    },
  }
}

/** The npm package's iteration. */
export const npm = async (): Promise<Stepper> => {
  const { default: GMM } = (await import("gaussian-mixture-model")) as unknown as {
    readonly default: new (
      options: object,
    ) => { readonly addPoint: (p: Array<number>) => void; readonly runEM: (n: number) => void }
  }
  const { values, first } = setting()
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
  const unit = upTo(dimensions).map((i) => upTo(dimensions).map((j) => (i === j ? 1 : 0)))
  const model = new GMM({
    weights: upTo(components).map(() => 1 / components),
    means: upTo(components).map((k) => Array.from(first.slice(k * dimensions, (k + 1) * dimensions))),
    covariances: upTo(components).map(() => unit),
    bufferSize: rows,
  })
  for (let n = 0; n < rows; n++)
    model.addPoint(Array.from(values.slice(n * dimensions, (n + 1) * dimensions)))
  return { step: () => model.runEM(1), dispose: () => {} }
}

/** scikit-learn's iteration, in its own process, on data of the same kind. Absent where Python does not have it. */
const scikitLearn = (covariance: Shared): Contender | undefined => {
  const script = `
import sys, time, warnings
import numpy as np
from sklearn.mixture import GaussianMixture
warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)
corners = 2 * rng.standard_normal((${components}, ${dimensions}))
x = (rng.standard_normal((${rows}, ${dimensions})) + corners[np.arange(${rows}) % ${components}])
steps = int(sys.argv[1])
def fit(n):
    model = GaussianMixture(${components}, covariance_type="${covariance === "full" ? "full" : "diag"}", tol=0, max_iter=n,
        means_init=corners + 0.5, weights_init=np.full(${components}, 1 / ${components}), init_params="random")
    start = time.perf_counter()
    model.fit(x)
    return 1000 * (time.perf_counter() - start)
# What is not an iteration (checks, the first responsibilities, the last) is the same in both.
short, long = fit(2), fit(2 + steps)
print((long - short) / steps)
`
  const time = (steps: number): number | undefined => {
    const { status, stdout } = spawnSync(process.env.PYTHON ?? "python3", ["-c", script, String(steps)], {
      encoding: "utf8",
    })
    return status === 0 ? Number(stdout) : undefined
  }
  if (time(1) === undefined) return undefined
  return { run: async (steps) => [time(steps)!], dispose: async () => {} }
}

/** Prints milliseconds an iteration, and the ratios. */
export const em = async (json: boolean): Promise<void> => {
  const own = new URL(import.meta.url)
  for (const covariance of ["diagonal", "full"] as const) {
    const python = scikitLearn(covariance)
    if (python === undefined && !json) console.log("python3 has no scikit-learn: left out")
    const one = {
      case: `em-${covariance}-${rows}x${dimensions}-${components}`,
      unit: "ms" as const,
      guidepost: await inChild(own, "guidepost", [covariance]),
      peers: {
        ...(covariance === "full" && { "npm-gaussian-mixture-model": await inChild(own, "npm") }),
        ...(python && { "scikit-learn": python }),
      },
    }
    report(await measure([one], { rounds: 4, warmup: 1, steps: 5 }), { json })
  }
}
