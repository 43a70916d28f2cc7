/** The logarithms of moments: where they are narrow, and E log(1 − x) against closed forms and its own differences. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as moments from "../../../src/tensor/special/moments.ts"
import { expectClose, numbers } from "../../laws/numbers.ts"
import { on } from "../../laws/onBackends.ts"

const at = (f: (t: tf.Tensor, b: tf.Tensor) => tf.Tensor, t: number, b: number): number =>
  numbers(() => f(tf.scalar(t), tf.scalar(b)))[0]!

describe("logarithms of moments", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a narrow Weibull keep their digits", () => {
      // π²t²/6 − 2ζ(3)t³ + …
      for (const t of [1e-6, 1e-4, 1e-3].map(Math.fround)) {
        const expected =
          (Math.PI * t) ** 2 / 6 - 2 * 1.2020569031595942 * t ** 3 + 3.5 * (Math.PI ** 4 / 90) * t ** 4
        expectClose(
          numbers(() => moments.logGammaSpread(tf.scalar(t))),
          [expected],
          { relative: 1e-6 },
        )
      }
      // Γ(3)/Γ(2)² at t = 1, of the exponential.
      expectClose(
        numbers(() => moments.logGammaSpread(tf.scalar(1))),
        [Math.LN2],
        { relative: 1e-7 },
      )
    })

    check("of a Kumaraswamy are those of a beta where a or b is 1", () => {
      // Of Beta(1, b): mean 1/(1 + b), E x² = 2/((1 + b)(2 + b)), E log(1 − x) = −1/b.
      for (const b of [0.25, 1, 3, 40]) {
        expectClose([at(moments.logPowerMean, 1, b)], [-Math.log1p(b)], { relative: 1e-6 })
        const spread = Math.log((2 * (1 + b)) / (2 + b))
        expectClose([at(moments.logPowerSpread, 1, b)], [spread], { relative: 1e-6 })
        expectClose([at(moments.logComplement, 1, b)], [-1 / b], { relative: 1e-6 })
      }
      // Of Beta(a, 1): E log(1 − x) = −(ψ(a + 1) + γ), the harmonic number of a.
      for (const [a, harmonic] of [
        [2, 1.5],
        [4, 25 / 12],
        [0.5, 2 - 2 * Math.LN2],
      ] as const) {
        expectClose([at(moments.logComplement, 1 / a, 1)], [-harmonic], { relative: 1e-6 })
      }
    })
  })

  on(["cpu"], (check) => {
    check("have the derivatives of their differences", () => {
      for (const [name, f] of Object.entries(moments)) {
        if (f.kernel.inputs.length === 1 || /T$|B$/.test(name)) continue
        const two = f as typeof moments.logPowerMean
        for (const [t, b] of [
          [0.4, 2.5],
          [2, 0.7],
        ] as const) {
          const found = tf.tidy(() =>
            tf
              .grads((t, b) => two(t!, b!))([tf.scalar(t), tf.scalar(b)])
              .map((g) => g.dataSync()[0]!),
          )
          const h = 0.02
          const differences = [
            (step: number) => at(two, t + step, b),
            (step: number) => at(two, t, b + step),
          ].map((f) => (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h))
          expectClose(found, differences, { relative: 3e-4, absolute: 1e-4 }, `${name} at ${t}, ${b}`)
        }
      }
      for (const t of [0.05, 0.7, 3]) {
        const [found] = numbers(() => tf.grad((t: tf.Tensor) => moments.logGammaSpread(t))(tf.scalar(t)))
        const f = (x: number) => numbers(() => moments.logGammaSpread(tf.scalar(x)))[0]!
        const h = 0.01
        expectClose([found!], [(f(t + h) - f(t - h)) / (2 * h)], { relative: 2e-3 })
      }
    })

    check("far out are finite", () => {
      for (const t of [1e-3, 1, 100]) {
        for (const b of [1e-2, 1, 1e3]) {
          for (const f of [moments.logComplement, moments.logComplementT, moments.logComplementB]) {
            expect(Number.isFinite(at(f, t, b)), `${t}, ${b}`).toBe(true)
          }
        }
      }
    })
  })
})
