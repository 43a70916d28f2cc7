/**
 * Sampling and scoring a million values of five families, beside jax-js where it has the family and beside the same
 * thing written by hand on tfjs as it comes. Each contender runs in a process of its own; all of them read their
 * numbers back, and all score the same values.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, ManagedRuntime } from "effect"
import { Categorical } from "../src/distributions/Categorical.ts"
import { Dirichlet } from "../src/distributions/Dirichlet.ts"
import type { Distribution } from "../src/distributions/Distribution.ts"
import { Gamma } from "../src/distributions/Gamma.ts"
import { MultivariateNormal } from "../src/distributions/MultivariateNormal.ts"
import { Normal } from "../src/distributions/Normal.ts"
import { Backend } from "../src/tensor/Backend.ts"
import * as Key from "../src/tensor/Key.ts"
import { parameters as at, type Family, shapes } from "./distributions-cases.ts"
import { inChild, measure, report, type Stepper } from "./harness.ts"

const families: Readonly<Record<Family, () => Distribution>> = {
  Normal: () => Normal(at.Normal),
  Gamma: () => Gamma(at.Gamma),
  Categorical: () => Categorical(at.Categorical),
  MultivariateNormal: () => MultivariateNormal(at.MultivariateNormal),
  Dirichlet: () => Dirichlet(at.Dirichlet),
}

/** Guidepost's draws. */
export const sample = async (family: Family): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  await runtime.runPromise(Effect.void)
  let count = 0
  const key = Key.key(0)
  const [rows] = shapes[family]
  return {
    step: () => {
      const draws = families[family]().sample(Key.foldIn(key, count++), [rows])
      draws.dataSync()
      draws.dispose()
    },
    dispose: () => void runtime.dispose(),
  }
}

/** Guidepost's log-densities of `values`. */
export const score = async (family: Family, values: Float32Array): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  await runtime.runPromise(Effect.void)
  const x = tf.tensor(values, [...shapes[family]])
  return {
    step: () => {
      const logProb = families[family]().logProb(x)
      const numbers = logProb.dataSync()
      logProb.dispose()
      return numbers
    },
    dispose: () => {
      x.dispose()
      void runtime.dispose()
    },
  }
}

/** The values that all contenders score: draws of Guidepost's. */
const drawn = (family: Family): Promise<Float32Array> =>
  Effect.runPromise(
    Effect.sync(() =>
      tf.tidy(
        () => families[family]().sample(Key.key(1), [shapes[family][0]]).dataSync().slice() as Float32Array,
      ),
    ).pipe(Effect.provide(Backend.cpu())),
  )

const own = new URL(import.meta.url)
const peers = {
  "jax-js-wasm": new URL("./distributions-jax.ts", import.meta.url),
  "stock-tfjs-wasm": new URL("./distributions-stock.ts", import.meta.url),
}

/** What jax-js has: it draws neither gammas nor Dirichlets, and has no logarithm of the gamma function. */
const inJax: ReadonlyArray<Family> = ["Normal", "Categorical", "MultivariateNormal"]

/** Prints milliseconds for a million values of each family, and the ratios. */
export const distributions = async (json: boolean): Promise<void> => {
  for (const family of Object.keys(families) as Array<Family>) {
    const values = await drawn(family)
    for (const task of ["sample", "score"] as const) {
      const args = task === "sample" ? [family] : [family, values]
      const contenders = Object.entries(peers).filter(
        ([name]) => name !== "jax-js-wasm" || inJax.includes(family),
      )
      const started = await Promise.all(
        contenders.map(async ([name, module]) => [name, await inChild(module, task, args)] as const),
      )
      const one = {
        case: `${task}-${family}-${shapes[family].join("x")}`,
        unit: "ms" as const,
        guidepost: await inChild(own, task, args),
        peers: Object.fromEntries(started),
      }
      report(await measure([one], { rounds: 10, warmup: 2, steps: 3 }), { json })
    }
  }
}
