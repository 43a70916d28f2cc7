/**
 * Distributions of directions against float64 SciPy and 60-digit arithmetic, from 2 to 1000 dimensions and from a
 * concentration of 1e-6 to 1e6.
 */
import { describe } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { kl } from "../../src/distributions/kl.ts"
import { VonMises } from "../../src/distributions/VonMises.ts"
import { VonMisesFisher } from "../../src/distributions/VonMisesFisher.ts"
import { coneSlope } from "../../src/tensor/kernels/paths/cone.ts"
import { besselQuotientRest } from "../../src/tensor/special/scalar/besselOrder.ts"
import golden from "../goldens/distributions_directional.json" with { type: "json" }
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const tolerance = { relative: 1e-6, absolute: 1e-6 }

describe(`the same numbers as SciPy ${golden.scipy} and mpmath ${golden.mpmath}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases) {
      const { concentration, meanDirection } = one.params
      check(`VonMisesFisher in ${meanDirection.length} dimensions, κ = ${concentration}`, () => {
        const d = VonMisesFisher(one.params)
        expectClose(
          numbers(() => d.logProb(tf.tensor2d(one.at))),
          one.logProb,
          tolerance,
          "logProb",
        )
        expectClose(
          numbers(() => d.mean()),
          one.mean,
          { relative: 1e-6, absolute: 1e-30 },
          "mean",
        )
        expectClose(
          numbers(() => d.variance()),
          one.variance,
          { relative: 2e-6 },
          "variance",
        )
        expectClose(
          numbers(() => d.entropy()),
          [one.entropy],
          tolerance,
          "entropy",
        )
      })
    }

    check("KL of two von Mises–Fisher distributions", () => {
      for (const { p, q, kl: expected } of golden.divergences) {
        expectClose(
          numbers(() => kl(VonMisesFisher(p), VonMisesFisher(q))),
          [expected],
          { relative: 1e-5 },
          `κ = ${p.concentration}, ${q.concentration}`,
        )
      }
    })

    for (const one of golden.angles) {
      check(`VonMises ${JSON.stringify(one.params)}`, () => {
        const { loc, concentration } = one.params
        const d = VonMises(one.params)
        expectClose(
          numbers(() => d.cdf(tf.tensor1d(one.at))),
          one.cdf,
          { relative: 1e-6, absolute: 1e-37 },
          "cdf",
        )
        expectClose(
          numbers(() => d.circularVariance()),
          [one.circularVariance],
          { relative: 1e-6 },
          "circularVariance",
        )
        const slope = (of: (p: tf.Tensor) => VonMises, at: number) =>
          numbers(() => tf.grad((p) => of(p).cdf(tf.tensor1d(one.at)))(tf.tensor1d(one.at.map(() => at))))
        expectClose(
          slope((p) => VonMises({ loc: p, concentration }), loc),
          one.inLoc,
          { relative: 1e-6, absolute: 1e-9 * Math.sqrt(concentration) },
          "in loc",
        )
        expectClose(
          slope((p) => VonMises({ loc, concentration: p }), concentration),
          one.inConcentration,
          { relative: 1e-6, absolute: 1e-9 / concentration },
          "in concentration",
        )
      })
    }

    check("the cumulative distribution of an angle is 0 and 1 at the ends and beyond", () => {
      const d = VonMises({ loc: 2, concentration: 0.5 })
      const at = () => tf.tensor1d([-Infinity, -4, -Math.PI, Math.PI, 4, Infinity])
      expectClose(
        numbers(() => d.cdf(at())),
        [0, 0, 0, 1, 1, 1],
        {},
      )
    })

    check("move with the concentration as the quantile of their angle does", () => {
      for (const { d, k, theta, slope } of golden.slopes) {
        const rest = -besselQuotientRest(d / 2 - 1, k)
        expectClose(
          [coneSlope(theta, d, k, rest)],
          [slope],
          { relative: 1e-9 },
          `${d}, κ = ${k}, θ = ${theta}`,
        )
      }
    })
  })
})
