/**
 * Extremes: log-densities and their gradients at scales from 1e-30 to 1e30, and far out, against the exact numbers,
 * wherever float32 has them; and what a family cannot do, which does not compile.
 */
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { AsymmetricLaplace } from "../../src/distributions/AsymmetricLaplace.ts"
import { Cauchy } from "../../src/distributions/Cauchy.ts"
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { Exponential } from "../../src/distributions/Exponential.ts"
import { Gamma } from "../../src/distributions/Gamma.ts"
import { Gumbel } from "../../src/distributions/Gumbel.ts"
import { HalfCauchy } from "../../src/distributions/HalfCauchy.ts"
import { Kumaraswamy } from "../../src/distributions/Kumaraswamy.ts"
import { kl } from "../../src/distributions/kl.ts"
import { Laplace } from "../../src/distributions/Laplace.ts"
import { Logistic } from "../../src/distributions/Logistic.ts"
import { LogUniform } from "../../src/distributions/LogUniform.ts"
import { Pareto } from "../../src/distributions/Pareto.ts"
import { SoftLaplace } from "../../src/distributions/SoftLaplace.ts"
import { Truncated } from "../../src/distributions/Truncated.ts"
import { TruncatedNormal } from "../../src/distributions/TruncatedNormal.ts"
import { Weibull } from "../../src/distributions/Weibull.ts"
import { expectClose } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Params = Readonly<Record<string, number>>

/** log p(x), then its derivatives in x and in the parameters, in the order of their names. */
const scored = (make: (params: Readonly<Record<string, Value>>) => Distribution, params: Params, x: number) =>
  tf.tidy(() => {
    const names = Object.keys(params)
    const logProb = (x: tf.Tensor, ...values: Array<tf.Tensor>) =>
      make(Object.fromEntries(names.map((name, i) => [name, values[i]!]))).logProb(x)
    const at = [x, ...Object.values(params)].map((v) => tf.scalar(v)) as [tf.Tensor, ...Array<tf.Tensor>]
    const gradients = tf.grads((...all: Array<tf.Tensor>) =>
      logProb(...(all as [tf.Tensor, ...Array<tf.Tensor>])),
    )(at)
    return [logProb(...at), ...gradients].map((t) => t.dataSync()[0]!)
  })

const scales = [1e-30, 1e-12, 1e12, 1e30].map(Math.fround)

type Make = (params: { readonly loc: Value; readonly scale: Value }) => Distribution

/** log p of z and its derivative, for loc 0 and scale 1; z not where the derivative jumps. */
const standard: Readonly<Record<string, readonly [Make, (z: number) => readonly [number, number]]>> = {
  Laplace: [Laplace, (z) => [-Math.LN2 - Math.abs(z), -Math.sign(z)]],
  Cauchy: [Cauchy, (z) => [-Math.log(Math.PI) - Math.log1p(z * z), (-2 * z) / (1 + z * z)]],
  Logistic: [Logistic, (z) => [-z - 2 * Math.log1p(Math.exp(-z)), -Math.tanh(z / 2)]],
  Gumbel: [Gumbel, (z) => [-z - Math.exp(-z), Math.exp(-z) - 1]],
  SoftLaplace: [SoftLaplace, (z) => [-Math.log(Math.PI * Math.cosh(z)), -Math.tanh(z)]],
}

const inFloat32 = (x: number) => Math.abs(x) < 3e38 && (x === 0 || Math.abs(x) > 1e-37)

const expectScored = (found: ReadonlyArray<number>, exact: ReadonlyArray<number>, title: string) => {
  exact.forEach((e, i) => {
    const slack = { relative: 2e-5, absolute: i === 0 ? 2e-5 : 0 }
    if (inFloat32(e)) expectClose([found[i]!], [e], slack, `${title} [${i}]`)
  })
}

describe("extremes", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a scale: the log-density and its gradient are exact wherever float32 has them", () => {
      for (const [name, [make, exact]] of Object.entries(standard)) {
        for (const scale of scales) {
          for (const z of [-3, 0.5, 20]) {
            const x = Math.fround(z * scale)
            const [logProb, slope] = exact(x / scale)
            const expected = [
              logProb - Math.log(scale),
              slope / scale,
              -slope / scale,
              (-1 - slope * (x / scale)) / scale,
            ]
            const found = scored(make as never, { loc: 0, scale }, x)
            expectScored(found, expected, `${name}, scale ${scale}, z ${z}`)
          }
        }
      }
    })

    check("of a distance: nothing overflows that float32 has", () => {
      for (const make of [Laplace, Logistic, SoftLaplace]) {
        for (const z of [-1e4, 1e4]) {
          const found = scored(make as never, { loc: 0, scale: 1 }, z)
          expect(found[0]! / -1e4, `${z}`).toBeCloseTo(1, 3)
          expect(found.every(Number.isFinite), `${z}`).toBe(true)
        }
      }
      // A Cauchy's density falls off as a power: 60 decades out it is a number still.
      const [logProb, slope] = scored(Cauchy as never, { loc: 0, scale: 1e-30 }, 1e30)
      expectClose([logProb!], [-30 * Math.LN10 - Math.log(Math.PI) - 60 * Math.LN10], { relative: 1e-6 })
      expectClose([slope!], [-2e-30], { relative: 1e-5 })
      expect(scored(Cauchy as never, { loc: 0, scale: 1e30 }, 1e-30).every(Number.isFinite)).toBe(true)
    })

    check("of positive families", () => {
      for (const s of scales) {
        const rate = Math.fround(1 / s)
        const x = Math.fround(2 * s)
        expectScored(
          scored(Exponential as never, { rate }, x),
          [Math.log(rate) - rate * x, -rate, 1 / rate - x],
          `Exponential, rate ${rate}`,
        )
        expectScored(
          scored(HalfCauchy as never, { scale: s }, x),
          [Math.log(2 / Math.PI / 5) - Math.log(s), -4 / 5 / s, (1 - 2 / 5) / s],
          `HalfCauchy, scale ${s}`,
        )
        expectScored(
          scored(Weibull as never, { scale: s, concentration: 3 }, x),
          [Math.log(3 / s) + 2 * Math.LN2 - 8, (2 / 2 - 12) / s, (-3 + 24) / s],
          `Weibull, scale ${s}`,
        )
        expectScored(
          scored(Pareto as never, { scale: s, alpha: 3 }, x),
          [Math.log(3) - 3 * Math.LN2 - Math.log(2 * s), -4 / (2 * s), 3 / s, 1 / 3 - Math.LN2],
          `Pareto, scale ${s}`,
        )
        expectScored(
          scored(AsymmetricLaplace as never, { loc: 0, scale: s, asymmetry: 2 }, x),
          [-4 - Math.log(2.5 * s), -2 / s, 2 / s, (4 - 1) / s],
          `AsymmetricLaplace, scale ${s}`,
        )
      }
      const [logProb, ...gradients] = scored(LogUniform as never, { low: 1e-30, high: 1e30 }, 1)
      expectClose([logProb!], [-Math.log(60 * Math.LN10)], { relative: 1e-6 })
      expectClose(gradients, [-1, 1e30 / (60 * Math.LN10), -1e-30 / (60 * Math.LN10)], { relative: 1e-5 })
    })

    check("of shapes and ends", () => {
      for (const concentration of [1e-3, 1, 1e4]) {
        const found = scored(Weibull as never, { scale: 1, concentration }, 0.9999)
        expect(found.every(Number.isFinite), `Weibull, ${concentration}`).toBe(true)
      }
      for (const x of [1e-30, 0.5, 1 - 2 ** -24]) {
        const found = scored(Kumaraswamy as never, { concentration1: 0.5, concentration0: 0.5 }, x)
        expect(found.every(Number.isFinite), `Kumaraswamy at ${x}`).toBe(true)
      }
      // Beyond 1e4 widths a truncated normal is exponential.
      const [logProb] = scored(TruncatedNormal as never, { loc: 0, scale: 1e-30, low: 1e-10 }, 1e-10)
      expectClose([logProb!], [Math.log(1e50)], { relative: 1e-5 })
      const pareto = Pareto({ scale: [1, 1, 1], alpha: [0.5, 1.5, 3] })
      expect(Array.from(tf.tidy(() => pareto.mean().dataSync()))).toEqual([Infinity, 3, 1.5])
      expect(Array.from(tf.tidy(() => pareto.variance().dataSync()))).toEqual([Infinity, Infinity, 0.75])
    })
  })
})

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
