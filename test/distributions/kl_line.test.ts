/**
 * Divergences by quadrature, and that of two asymmetric Laplaces, against 30 digits (mpmath; the table's script is
 * beside it): scales from a millionth to a million times one another, places 10,000 widths apart, degrees of freedom from
 * 0.1 to a million, ends far out in a tail; and the entropy of the inverse Gaussian, an exponential integral.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { AsymmetricLaplace } from "../../src/distributions/AsymmetricLaplace.ts"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import { InverseGaussian } from "../../src/distributions/InverseGaussian.ts"
import { kl, klResult } from "../../src/distributions/kl.ts"
import { Logistic } from "../../src/distributions/Logistic.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { SoftLaplace } from "../../src/distributions/SoftLaplace.ts"
import { StudentT } from "../../src/distributions/StudentT.ts"
import { TruncatedNormal } from "../../src/distributions/TruncatedNormal.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/divergences_line.json" with { type: "json" }
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Params = Readonly<Record<string, number>>
type Tensors = Readonly<Record<string, tf.Tensor>>
type Make = (params: Params | Tensors) => Distribution

interface Case {
  readonly family: string
  readonly p: Params
  readonly q: Params
  readonly kl: number | string
  readonly gradients?: readonly [Params, Params]
}

const makers = { AsymmetricLaplace, Logistic, SoftLaplace, StudentT } as unknown as Record<string, Make>

/** A truncated normal that has lost both ends is a normal. */
const make = (family: string): Make =>
  family !== "TruncatedNormal"
    ? makers[family]!
    : (params) =>
        "low" in params || "high" in params ? TruncatedNormal(params as never) : Normal(params as never)

const divergence = (p: Distribution, q: Distribution): tf.Tensor => Result.getOrThrow(klResult(p, q))

const cases = golden.cases as unknown as ReadonlyArray<Case>
const families = [...new Set(cases.map(({ family }) => family))]

/** The derivatives of KL in all parameters of both, one after the other. */
const slopes = ({ family, p, q }: Case): ReadonlyArray<number> =>
  tf.tidy(() => {
    const names = Object.keys(p)
    const both = [...Object.values(p), ...Object.keys(q).map((name) => q[name]!)].map((v) => tf.scalar(v))
    const of = (names: ReadonlyArray<string>, parts: ReadonlyArray<tf.Tensor>) =>
      make(family)(Object.fromEntries(names.map((name, i) => [name, parts[i]!])))
    return tf
      .grads((...parts: Array<tf.Tensor>) =>
        divergence(of(names, parts.slice(0, names.length)), of(Object.keys(q), parts.slice(names.length))),
      )(both)
      .map((g) => g.dataSync()[0]!)
  })

describe("a divergence", () => {
  on(["cpu", "wasm"], (check) => {
    for (const name of families) {
      const own = cases.filter(({ family }) => family === name)
      check(`has the number of 30 digits: ${name}`, () => {
        for (const { p, q, ...one } of own) {
          const found = numbers(() => divergence(make(name)(p), make(name)(q)))
          const title = `${name} ${JSON.stringify(p)} ‖ ${JSON.stringify(q)}`
          expectClose(found, [Number(one.kl)], { relative: 1e-6, absolute: 1e-6 }, title)
          expect(found[0], title).toBeGreaterThan(-1e-6)
        }
      })

      check(`has its derivatives: ${name}`, () => {
        const known = own.filter(({ gradients }) => gradients !== undefined)
        expect(known.length).toBeGreaterThan(0)
        for (const one of known) {
          const exact = one.gradients!.flatMap((slopes) => Object.values(slopes))
          // Next to terms of about 1 / scale, which here is 1 or so.
          const largest = Math.max(0.1, ...exact.map(Math.abs))
          const title = `${name} ${JSON.stringify(one.p)} ‖ ${JSON.stringify(one.q)}`
          expectClose(slopes(one), exact, { relative: 2e-6, absolute: 2e-6 * largest }, title)
        }
      })
    }

    check("of equals is 0, with derivatives of 0, and nowhere negative nearby", () => {
      tf.tidy(() => {
        const near = Key.normal(Key.key(3), [400])
        for (const size of [0, 1e-6, 1e-4, 1e-2, 1]) {
          const shift = tf.mul(near, size)
          const factor = tf.exp(tf.reverse(shift))
          const pairs: Record<string, readonly [Distribution, Distribution]> = {
            Logistic: [Logistic({ loc: shift, scale: factor }), Logistic({ loc: 0, scale: 1 })],
            SoftLaplace: [SoftLaplace({ loc: shift, scale: factor }), SoftLaplace({ loc: 0, scale: 1 })],
            StudentT: [
              StudentT({ df: tf.mul(factor, 3), loc: shift, scale: 1 }),
              StudentT({ df: 3, loc: 0, scale: 1 }),
            ],
            AsymmetricLaplace: [
              AsymmetricLaplace({ loc: shift, scale: factor, asymmetry: 2 }),
              AsymmetricLaplace({ loc: 0, scale: 1, asymmetry: 2 }),
            ],
            TruncatedNormal: [
              TruncatedNormal({ loc: shift, scale: factor, low: 3 }),
              TruncatedNormal({ loc: 0, scale: 1, low: 3 }),
            ],
          }
          for (const [name, [p, q]] of Object.entries(pairs)) {
            const found = numbers(() => divergence(p, q))
            expect(Math.min(...found), `${name}, ${size} apart`).toBeGreaterThan(-1e-6)
            if (size < 1e-5) expect(Math.max(...found), `${name}, ${size} apart`).toBeLessThan(1e-6)
          }
        }
      })
      for (const [family, params] of [
        ["Logistic", { loc: 2, scale: 3 }],
        ["SoftLaplace", { loc: 2, scale: 3 }],
        ["AsymmetricLaplace", { loc: 2, scale: 3, asymmetry: 0.7 }],
        ["StudentT", { df: 4, loc: 2, scale: 3 }],
      ] as const) {
        const found = slopes({ family, p: params, q: params, kl: 0 })
        expectClose(
          found,
          found.map(() => 0),
          { absolute: 1e-6 },
          family,
        )
      }
    })

    check("of a truncated normal is infinite where the second does not reach as far", () => {
      const q = TruncatedNormal({ loc: 0, scale: 1, low: 0, high: 4 })
      const to = (low: number, high: number) =>
        numbers(() => kl(TruncatedNormal({ loc: 0, scale: 1, low, high }), q))[0]
      expect(to(-0.1, 3)).toBe(Infinity)
      expect(to(1, 4.1)).toBe(Infinity)
      expect(Number.isFinite(to(0, 4)!)).toBe(true)
      expect(numbers(() => kl(TruncatedNormal({ loc: 0, scale: 1, low: 0 }), q))).toEqual([Infinity])
    })

    check("keeps the shapes of both batches, and leaves nothing behind", () => {
      const [p, q] = [Logistic({ loc: [0, 1, 2], scale: 1 }), Logistic({ loc: 0, scale: [[1], [2]] })]
      const before = tf.memory().numTensors
      const found = kl(p, q)
      expect(found.shape).toEqual([2, 3])
      found.dispose()
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})

describe("the entropy of an inverse Gaussian", () => {
  on(["cpu", "wasm"], (check) => {
    check("has the number of 30 digits, and its derivatives", () => {
      for (const { params, entropy, gradient } of golden.inverseGaussian) {
        const title = JSON.stringify(params)
        const { loc, concentration } = params
        const found = numbers(() => InverseGaussian(params).entropy())
        expectClose(found, [entropy], { relative: 1e-6 }, title)
        const slopes = tf.tidy(() =>
          tf
            .grads((loc, concentration) =>
              InverseGaussian({ loc: loc!, concentration: concentration! }).entropy(),
            )([tf.scalar(loc), tf.scalar(concentration)])
            .map((g) => g.dataSync()[0]!),
        )
        gradient.forEach((e, i) => {
          if (Math.abs(e) < 3e38) expectClose([slopes[i]!], [e], { relative: 1e-6 }, `${title} [${i}]`)
        })
      }
    })
  })
})
