/**
 * Cumulative distributions and quantiles at scales from 1e-30 to 1e30, which are those at scale 1; shapes and ends that
 * are extreme; and what a family cannot do, which does not compile. Log-densities are in `extremes.test.ts`.
 */
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { AsymmetricLaplace } from "../../src/distributions/AsymmetricLaplace.ts"
import { Cauchy } from "../../src/distributions/Cauchy.ts"
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { Exponential } from "../../src/distributions/Exponential.ts"
import { Gamma } from "../../src/distributions/Gamma.ts"
import { Gumbel } from "../../src/distributions/Gumbel.ts"
import { HalfCauchy } from "../../src/distributions/HalfCauchy.ts"
import { HalfNormal } from "../../src/distributions/HalfNormal.ts"
import { InverseGaussian } from "../../src/distributions/InverseGaussian.ts"
import { hasKl, kl, klResult } from "../../src/distributions/kl.ts"
import { Laplace } from "../../src/distributions/Laplace.ts"
import { Logistic } from "../../src/distributions/Logistic.ts"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { LogUniform } from "../../src/distributions/LogUniform.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { Pareto } from "../../src/distributions/Pareto.ts"
import { SoftLaplace } from "../../src/distributions/SoftLaplace.ts"
import { Truncated } from "../../src/distributions/Truncated.ts"
import { TruncatedNormal } from "../../src/distributions/TruncatedNormal.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { Weibull } from "../../src/distributions/Weibull.ts"
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const scales = [1e-30, 1e-12, 1e12, 1e30].map(Math.fround)

/** Each family as one of its scale alone, of which its draws are multiples; the exponential by the inverse. */
const scaled: Readonly<Record<string, (scale: tf.Tensor) => Able>> = {
  Normal: (scale) => Normal({ loc: 0, scale }),
  Laplace: (scale) => Laplace({ loc: 0, scale }),
  AsymmetricLaplace: (scale) => AsymmetricLaplace({ loc: 0, scale, asymmetry: 1.7 }),
  Cauchy: (scale) => Cauchy({ loc: 0, scale }),
  Logistic: (scale) => Logistic({ loc: 0, scale }),
  Gumbel: (scale) => Gumbel({ loc: 0, scale }),
  SoftLaplace: (scale) => SoftLaplace({ loc: 0, scale }),
  HalfNormal: (scale) => HalfNormal({ scale }),
  HalfCauchy: (scale) => HalfCauchy({ scale }),
  Exponential: (rate) => Exponential({ rate }),
  Weibull: (scale) => Weibull({ scale, concentration: 1.3 }),
  Pareto: (scale) => Pareto({ scale: tf.mul(scale, 0.01), alpha: 0.7 }),
  InverseGaussian: (scale) => InverseGaussian({ loc: scale, concentration: tf.mul(scale, 2) }),
  Uniform: (scale) => Uniform({ low: tf.mul(scale, -1), high: tf.mul(scale, 3) }),
  LogUniform: (scale) => LogUniform({ low: tf.mul(scale, 0.25), high: tf.mul(scale, 7) }),
  TruncatedNormal: (scale) =>
    TruncatedNormal({ loc: 0, scale, low: tf.mul(scale, -1), high: tf.mul(scale, 9) }),
}

/** A function's numbers at a scale, in `units`, and its derivative in the logarithm of the scale. */
const along = (scale: number, f: (scale: tf.Tensor) => tf.Tensor, units = 1) => {
  const [value] = numbers(() => f(tf.scalar(scale)))
  const [slope] = numbers(() => tf.grad((s: tf.Tensor) => tf.sum(f(s)))(tf.scalar(scale)))
  return [value! / units, slope! * (scale / units)]
}

describe("extremes", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a scale: cumulative distributions and quantiles are those of scale 1, derivatives too", () => {
      const [zs, ps] = [
        [-3, -0.5, 0.3, 2, 6],
        [1e-6, 0.01, 0.4, 0.9],
      ]
      for (const [name, of] of Object.entries(scaled)) {
        for (const scale of scales) {
          const unit = name === "Exponential" ? 1 / scale : scale
          for (const z of zs) {
            const cdf = (s: tf.Tensor) => of(s).cdf!(tf.scalar(z * unit))
            const standard = along(1, (s) => of(s).cdf!(tf.scalar(z)))
            const title = `${name}.cdf at ${z} of scale ${scale}`
            expectClose(along(scale, cdf), standard, { relative: 1e-5, absolute: 1e-6 }, title)
          }
          for (const p of ps) {
            const d = of(tf.scalar(1))
            if (d.icdf === undefined) continue
            const icdf = (s: tf.Tensor) => of(s).icdf!(tf.scalar(p))
            const standard = along(1, icdf)
            const title = `${name}.icdf at ${p} of scale ${scale}`
            // The derivative in a rate of 1e-30 is 1e60 times that in 1.
            const found = along(scale, icdf, unit).slice(0, unit === scale ? 2 : 1)
            const expected = standard.slice(0, found.length)
            expectClose(found, expected, { relative: 1e-5, absolute: 1e-6 }, title)
          }
        }
      }
    })

    check("of a scale: divergences are those of scale 1, and finite where float32 has them", () => {
      for (const [name, of] of Object.entries(scaled)) {
        const value = (s: number) =>
          numbers(() => {
            const [p, q] = [of(tf.scalar(s)), of(tf.scalar(1.5 * s))]
            return hasKl(p, q) ? Result.getOrThrow(klResult(p, q)) : tf.scalar(0)
          })
        for (const scale of scales) {
          expectClose(value(scale), value(1), { relative: 1e-5, absolute: 1e-6 }, `${name}, ${scale}`)
        }
      }
      // log(1e30/1e-30) − ½, where the ratio's square leaves float32.
      const [narrow, wide] = [Normal({ loc: 0, scale: 1e-30 }), Normal({ loc: 0, scale: 1e30 })]
      expectClose(
        numbers(() => kl(narrow, wide)),
        [60 * Math.LN10 - 0.5],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => kl(HalfNormal({ scale: 1e-30 }), HalfNormal({ scale: 1e30 }))),
        [60 * Math.LN10 - 0.5],
        { relative: 1e-6 },
      )
    })

    check("of shapes and ends", () => {
      for (const concentration of [1e-3, 1, 1e4]) {
        const found = slopes((k) => Weibull({ scale: 1, concentration: k }), concentration, 0.9999)
        expect(found.every(Number.isFinite), `Weibull, ${concentration}`).toBe(true)
      }
      // The quantile of 1 is the end itself: low + (high − low) rounds to a number beyond.
      const uniform = Uniform({ low: -1.1, high: 0.3 })
      expect(numbers(() => uniform.icdf(tf.scalar(1)))).toEqual([Math.fround(0.3)])
      expect(numbers(() => uniform.logProb(uniform.icdf(tf.scalar(1)))).every(Number.isFinite)).toBe(true)
      const pareto = Pareto({ scale: [1, 1, 1], alpha: [0.5, 1.5, 3] })
      expect(numbers(() => pareto.mean())).toEqual([Infinity, 3, 1.5])
      expect(numbers(() => pareto.variance())).toEqual([Infinity, Infinity, 0.75])
    })

    check("of a mode: 0 where the density climbs towards it", () => {
      expect(numbers(() => Exponential({ rate: [1e-30, 2] }).mode())).toEqual([0, 0])
      expect(numbers(() => HalfNormal({ scale: [1e30, 2] }).mode())).toEqual([0, 0])
      expect(numbers(() => HalfCauchy({ scale: 3 }).mode())).toEqual([0])
      const weibull = Weibull({ scale: [5, 5, 5, 1e30], concentration: [0.5, 1, 2, 1e6] })
      expectClose(
        numbers(() => weibull.mode()),
        [0, 0, 5 * Math.SQRT1_2, 1e30],
        { relative: 1e-6 },
      )
      const gradient = tf.tidy(() =>
        tf
          .grads((scale, k) => tf.sum(Weibull({ scale: scale!, concentration: k! }).mode()))([
            tf.scalar(5),
            tf.tensor1d([0.5, 1, 2]),
          ])
          .flatMap((g) => Array.from(g.dataSync())),
      )
      expect(gradient.every(Number.isFinite)).toBe(true)
    })

    check("of a log-normal: its cumulative distribution where its scale is", () => {
      for (const scale of [1e-30, 1e30]) {
        const d = LogNormal({ loc: 0, scale })
        expect(numbers(() => d.cdf(tf.tensor1d([-1, 0, 1])))).toEqual([0, 0, 0.5])
      }
    })
  })
})

/** log p(x) and its derivatives in a parameter and in x. */
const slopes = (of: (parameter: Value) => Distribution, at: number, x: number) =>
  tf.tidy(() =>
    tf
      .grads((parameter, x) => of(parameter!).logProb(x!))([tf.scalar(at), tf.scalar(x)])
      .map((g) => g.dataSync()[0]!),
  )

/** Never called: its body is for the compiler. */
const mustNotCompile = () => {
  const cauchy = Cauchy({ loc: 0, scale: 1 })
  // @ts-expect-error a Cauchy has no mean
  cauchy.mean()
  // @ts-expect-error nor a variance
  cauchy.variance()
  // @ts-expect-error nor has its half
  HalfCauchy({ scale: 1 }).mean()
  // @ts-expect-error no closed form: "no closed form is known for KL(Cauchy ‖ Gamma)"
  kl(cauchy, Gamma({ concentration: 1, rate: 1 }))
  // @ts-expect-error a truncated normal has one end at least
  TruncatedNormal({ loc: 0, scale: 1 })
  // @ts-expect-error and so has anything truncated
  Truncated(cauchy, {})
  // @ts-expect-error what has no quantiles cannot be truncated
  Truncated(Laplace({ loc: 0, scale: 1 }).toEvent(0), { low: 0 })
  // @ts-expect-error what is truncated below is not on all reals
  const real: Distribution<"real"> = Truncated(cauchy, { low: 0 })
  return real
}

describe("types", () => {
  it("refuse what these families cannot do", () => {
    expect(mustNotCompile).toBeTypeOf("function")
    expect("mean" in Cauchy({ loc: 0, scale: 1 })).toBe(false)
    expect("mean" in HalfCauchy({ scale: 1 })).toBe(false)
  })
})
