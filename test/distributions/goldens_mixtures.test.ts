/** Mixtures against float64 SciPy and 60-digit arithmetic; the table's script is beside it. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import {
  Categorical,
  Gamma,
  HalfNormal,
  Laplace,
  Mixture,
  MixtureSameFamily,
  Normal,
  Poisson,
  StudentT,
} from "../../src/index.ts"
import golden from "../goldens/distributions_mixtures.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const families = { Gamma, HalfNormal, Laplace, Normal, Poisson, StudentT } as unknown as Readonly<
  Record<string, (params: object) => Able>
>

/** The golden's mixture, by its components one by one; and by one distribution of them, where they are of one family. */
const mixturesOf = (one: (typeof golden.cases)[number]) => {
  const mixing = Categorical(one.mixing as { probs: Array<number> })
  const list = one.components.map(({ family, params }) => families[family]!(params))
  const [{ family }] = one.components as [(typeof one.components)[number]]
  if (one.components.some((other) => other.family !== family)) return [Mixture(mixing, list)]
  const names = Object.keys(one.components[0]!.params)
  const together = Object.fromEntries(
    names.map((name) => [
      name,
      one.components.map(({ params }) => (params as Record<string, number>)[name]!),
    ]),
  )
  return [Mixture(mixing, list), MixtureSameFamily(mixing, families[family]!(together))]
}

describe(`mixtures have the same numbers as SciPy ${golden.scipy} and mpmath ${golden.mpmath}`, () => {
  on(["cpu", "wasm"], (check) => {
    const tolerance = { relative: 1e-5, absolute: 1e-6 }
    for (const one of golden.cases) {
      check(JSON.stringify({ ...one.mixing, components: one.components }), () => {
        for (const d of mixturesOf(one)) {
          const able = d as typeof d & Able
          const values = () => tf.tensor(one.at)
          expectClose(
            numbers(() => d.logProb(values())),
            one.logProb.map(Number),
            tolerance,
            "logProb",
          )
          expectClose(
            numbers(() => able.cdf!(values())),
            one.cdf,
            // A lower tail keeps its digits.
            { relative: 2e-5, absolute: 1e-30 },
            "cdf",
          )
          expectClose(
            numbers(() => able.mean!()),
            [one.mean],
            tolerance,
            "mean",
          )
          expectClose(
            numbers(() => able.variance!()),
            [one.variance],
            tolerance,
            "variance",
          )
          const k = one.components.length
          const shares = numbers(() => d.responsibilities(values()))
          one.responsibilities.forEach((expected, i) => {
            const found = shares.slice(i * k, (i + 1) * k)
            if (expected !== null)
              expectClose(found, expected, { relative: 5e-4, absolute: 1e-7 }, `at ${one.at[i]}`)
          })
        }
      })
    }

    check("at scales from 1e-20 to 1e20 and far from every component, with derivatives", () => {
      for (const { loc, scale, logits, x, logProb, largest, slopes, cancelled } of golden.extremes) {
        const title = JSON.stringify({ loc, scale, logits, x })
        const score = (value: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor, logits: tf.Tensor) =>
          MixtureSameFamily(Categorical({ logits }), Normal({ loc, scale })).logProb(value)
        tf.tidy(() => {
          const inputs = [tf.scalar(x), tf.tensor(loc), tf.tensor(scale), tf.tensor(logits)] as const
          const [found] = score(...inputs).dataSync()
          expect(Math.abs(found! - logProb), title).toBeLessThanOrEqual(8 * 2 ** -23 * Math.max(largest, 1))
          const relative = 1e-5 + 2 ** -22 * cancelled
          const gradients = tf.grads((...at) => score(...(at as unknown as typeof inputs)))([...inputs])
          ;(["value", "loc", "scale", "logits"] as const).forEach((name, i) => {
            const terms = name === "value" ? slopes.loc : slopes[name]
            const size = Math.max(...terms.map(Math.abs), name === "logits" ? 1 : 0)
            const found = gradients[i]!.dataSync()
            slopes[name].forEach((slope, k) => {
              const allowed = Math.max(relative * Math.max(Math.abs(slope), size * 0.1), 1e-37)
              expect(
                Math.abs(found[k]! - slope),
                `${title}: d/d${name}[${k}], ${found[k]} for ${slope}`,
              ).toBeLessThanOrEqual(allowed)
            })
          })
        })
      }
    })
  })
})
