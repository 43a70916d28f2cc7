/**
 * What the effect system costs: one step on a model of 1, 10 or 100 sites, each a scalar normal, beside the same
 * tensor operations with no program around them.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, ManagedRuntime } from "effect"
import { Normal } from "../src/distributions/Normal.ts"
import { total } from "../src/effects/logDensity.ts"
import type { Sample } from "../src/effects/Program.ts"
import { run } from "../src/effects/run.ts"
import { sample } from "../src/effects/Sample.ts"
import { Backend } from "../src/tensor/Backend.ts"
import * as Key from "../src/tensor/Key.ts"
import { inProcess, measure, report } from "./harness.ts"

/** Prints milliseconds for drawing and scoring a program of n sites, and for the same tensor code without one. */
export const overhead = async (json: boolean): Promise<void> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  const context = await runtime.runPromise(Effect.context<never>())
  const key = Key.key(0)
  const cases = [1, 10, 100].map((sites) => {
    const names = Array.from({ length: sites }, (_, i) => `z${i}`)
    const program = Effect.gen(function* () {
      for (const name of names)
        yield* sample(name, Normal({ loc: 0, scale: 1 })) as Effect.Effect<
          tf.Tensor,
          never,
          Sample<string, "real", "pathwise">
        >
    })
    const asProgram = () => tf.tidy(() => total(run(program, context, { key })))
    const byHand = () =>
      tf.tidy(() => {
        let sum: tf.Tensor = tf.scalar(0)
        for (const name of names) {
          const distribution = Normal({ loc: 0, scale: 1 })
          const value = distribution.rsample(Key.foldInName(key, name))
          sum = tf.add(sum, tf.sum(distribution.logProb(value)))
        }
        return sum
      })
    return {
      case: `sites-${sites}`,
      unit: "ms" as const,
      guidepost: inProcess({ step: () => asProgram().dispose(), dispose: () => {} }),
      peers: { "same-tensors-no-program": inProcess({ step: () => byHand().dispose(), dispose: () => {} }) },
    }
  })
  report(await measure(cases, { rounds: 30, warmup: 5, steps: 20 }), { json })
  await runtime.dispose()
}
