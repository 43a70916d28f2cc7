/**
 * Expectation maximization of a Gaussian mixture, 100,000 × 16 numbers and 8 components, an iteration at a time, 20 a
 * turn: beside the npm package `gaussian-mixture-model` (full covariances alone), and beside scikit-learn where `python3`
 * (or `PYTHON`) has it. All start from the same parameters on the same numbers.
 *
 * scikit-learn computes in float64, as it does unless told otherwise, and takes part twice: with as many threads as its
 * linear algebra takes by default, one a core, and with one, which is what Guidepost and the npm package have. Its time is
 * that of a fit of 22 iterations less that of one of 2.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
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

const script = `
import sys, time, warnings
import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_info
warnings.filterwarnings("ignore")
read = lambda shape: np.frombuffer(sys.stdin.buffer.read(4 * np.prod(shape)), np.float32).astype(float).reshape(shape)
kind, k, d = sys.argv[1], ${components}, ${dimensions}
x, first = read((${rows}, d)), read((k, d))
unit = np.ones((k, d)) if kind == "diag" else np.tile(np.eye(d), (k, 1, 1))
def fit(iterations):
    model = GaussianMixture(k, covariance_type=kind, tol=0, max_iter=iterations, init_params="random", random_state=0,
        weights_init=np.full(k, 1 / k), means_init=first, precisions_init=unit)
    start = time.perf_counter()
    model.fit(x)
    taken = time.perf_counter() - start
    assert model.n_iter_ == iterations, model.n_iter_
    return 1000 * taken
print(max(pool["num_threads"] for pool in threadpool_info()), flush=True)
for line in sys.stdin.buffer:
    steps = int(line)
    # What is not an iteration (checks, the first responsibilities, the last) is in both.
    short, long = fit(2), fit(2 + steps)
    print((long - short) / steps, flush=True)
`

/**
 * scikit-learn's iteration on the same numbers, in a process of its own. `threads` limits the threads of its linear
 * algebra; default: as many as it takes. Nothing where Python does not have it.
 */
const scikitLearn = async (covariance: Shared, threads?: number): Promise<ScikitLearn | undefined> => {
  const limits = Object.fromEntries(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map((name) => [name, String(threads)]),
  )
  const child = spawn(
    process.env.PYTHON ?? "python3",
    ["-c", script, covariance === "diagonal" ? "diag" : "full"],
    { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, ...(threads !== undefined && limits) } },
  )
  // It may not be there, or end before it has read all.
  child.on("error", () => {})
  child.stdin.on("error", () => {})
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => (await answers.next()).value as string | undefined
  const { values, first } = setting()
  for (const numbers of [values, first]) child.stdin.write(Float32Array.from(numbers))
  const used = await next()
  if (used === undefined) return undefined
  return {
    threads: Number(used),
    run: async (steps) => {
      child.stdin.write(`${steps}\n`)
      const time = await next()
      if (time === undefined) throw new Error("scikit-learn: its process ended")
      return [Number(time)]
    },
    dispose: async () => {
      child.stdin.end()
    },
  }
}

interface ScikitLearn extends Contender {
  readonly threads: number
}

/** Prints milliseconds an iteration, and the ratios. */
export const em = async (json: boolean): Promise<void> => {
  const own = new URL(import.meta.url)
  for (const covariance of ["diagonal", "full"] as const) {
    const python = await scikitLearn(covariance)
    const alone = python && (await scikitLearn(covariance, 1))
    if (!json) {
      console.log(
        python === undefined
          ? "python3 has no scikit-learn: left out"
          : `scikit-learn's linear algebra has ${python.threads} threads`,
      )
    }
    const one = {
      case: `em-${covariance}-${rows}x${dimensions}-${components}`,
      unit: "ms" as const,
      guidepost: await inChild(own, "guidepost", [covariance]),
      peers: {
        ...(covariance === "full" && { "npm-gaussian-mixture-model": await inChild(own, "npm") }),
        ...(python && { "scikit-learn": python }),
        ...(alone && { "scikit-learn-one-thread": alone }),
      },
    }
    // The npm package takes over ten seconds an iteration: twenty in each round would take half an hour.
    const turns = covariance === "diagonal" ? { rounds: 5, steps: 20 } : { rounds: 3, steps: 5 }
    report(await measure([one], { warmup: 1, ...turns }), { json })
  }
}
