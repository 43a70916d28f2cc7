/**
 * What must not compile. The lines under `@ts-expect-error` are errors to the compiler, or this file is one; at run
 * time the test only looks that what a family cannot do is not there.
 */
import { describe, expect, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { Categorical } from "../../src/distributions/Categorical.ts"
import { Delta } from "../../src/distributions/Delta.ts"
import type { Distribution, Reparameterized } from "../../src/distributions/Distribution.ts"
import { type HasClosedForm, kl } from "../../src/distributions/kl.ts"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { OneHotCategorical } from "../../src/distributions/OneHotCategorical.ts"
import { boolean, integerInterval, positive } from "../../src/distributions/Support.ts"
import { biject, compose, exp, sigmoid } from "../../src/distributions/Transform.ts"
import { Transformed } from "../../src/distributions/Transformed.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(...proof: Array<T>): number => proof.length

const normal = Normal({ loc: 0, scale: 1 })
const logNormal = LogNormal({ loc: 0, scale: 1 })
const bernoulli = Bernoulli({ probs: 0.5 })
const categorical = Categorical({ probs: [0.5, 0.5] })
const oneHot = OneHotCategorical({ probs: [0.5, 0.5] })
const anyone: Distribution = normal

/** Never called: its body is for the compiler. */
const mustNotCompile = (key: { hi: number; lo: number }, x: tf.Tensor) => {
  // @ts-expect-error a Bernoulli draw is not differentiable
  bernoulli.rsample(key)
  // @ts-expect-error nor is an event of them
  bernoulli.toEvent(1).rsample(key)
  // @ts-expect-error nor are classes
  categorical.rsample(key)
  // @ts-expect-error nor is a map of such draws
  Transformed(bernoulli as unknown as Distribution<"real", "score">, exp).rsample(key)
  // @ts-expect-error a class index has no mean
  categorical.mean()
  // @ts-expect-error a distribution of known support has still no mean for certain
  anyone.mean()
  // @ts-expect-error there are infinitely many real numbers
  normal.enumerate()
  // @ts-expect-error a uniform has no single mode
  Uniform({ low: 0, high: 1 }).mode()
  // @ts-expect-error one-hot vectors have no cumulative distribution
  oneHot.cdf(x)
  // @ts-expect-error both parameterizations at once
  Bernoulli({ logits: 0, probs: 0.5 })
  // @ts-expect-error neither
  Bernoulli({})
  // @ts-expect-error a misspelled parameter
  Normal({ loc: 0, std: 1 })
  // @ts-expect-error no closed form: "no closed form is known for KL(Normal ‖ Bernoulli)"
  kl(normal, bernoulli)
  // @ts-expect-error nor the other way
  kl(bernoulli, normal)
  // @ts-expect-error nor of independent ones
  kl(normal.toEvent(0), logNormal.toEvent(0))
  // @ts-expect-error nor of one event against a batch
  kl(normal.toEvent(0), normal)
  // @ts-expect-error nor when only one is transformed
  kl(Transformed(normal, exp), logNormal)
  // @ts-expect-error nor of anything against a point, but a point
  kl(normal, Delta({ value: 1 }))
  // @ts-expect-error a family that is not known needs klResult
  kl(anyone, normal)
  // @ts-expect-error one of two families has none
  kl(normal as typeof normal | typeof bernoulli, normal)
  // @ts-expect-error no map from the reals onto two points
  biject(boolean)
  // @ts-expect-error nor onto integers
  biject(integerInterval(0, 3))
  // @ts-expect-error the sigmoid takes real numbers, not positive ones
  Transformed(logNormal, sigmoid)
  // @ts-expect-error nor what comes out of exp
  compose(exp, sigmoid)
  // @ts-expect-error a positive distribution is none on the reals
  const real: Distribution<"real"> = logNormal
  // @ts-expect-error a score-function distribution is not reparameterized
  const pathwise: Reparameterized = bernoulli
  return [real, pathwise]
}

describe("types", () => {
  it("refuse what cannot work", () => {
    expect(mustNotCompile).toBeTypeOf("function")
  })

  it("say which support and gradient a distribution has", () => {
    const counted = holds(
      true as Equal<typeof normal.support.name, "real">,
      true as Equal<typeof logNormal.support.name, "positive">,
      true as Equal<typeof bernoulli.support.name, "boolean">,
      true as Equal<typeof categorical.gradient, "score">,
      true as Equal<ReturnType<typeof normal.toEvent>["gradient"], "pathwise">,
    )
    expect(counted).toBe(5)
    const d = Delta({ value: 1, support: positive })
    const e = Transformed(normal, exp)
    expect(
      holds(
        true as Equal<typeof d.support.name, "positive">,
        true as Equal<typeof e.support.name, "positive">,
        true as Equal<typeof e.gradient, "pathwise">,
        true as Equal<ReturnType<typeof e.toEvent>["support"]["name"], "positive">,
        true as Equal<ReturnType<ReturnType<typeof Delta<"real">>["expand"]>["support"]["name"], "real">,
      ),
    ).toBe(5)
    const asDistribution: Distribution<"positive", "pathwise"> = e.toEvent(0)
    expect(asDistribution.support.name).toBe("positive")
  })

  it("name both families where a divergence has no closed form", () => {
    type Message = keyof HasClosedForm<typeof normal, ReturnType<typeof bernoulli.toEvent>>
    const message: Message =
      "no closed form is known for KL(Normal ‖ Independent(Bernoulli)); use klResult or Monte Carlo"
    type Inner = keyof HasClosedForm<ReturnType<typeof normal.toEvent>, ReturnType<typeof bernoulli.toEvent>>
    const inner: Inner = "no closed form is known for KL(Normal ‖ Bernoulli); use klResult or Monte Carlo"
    type Unknown = keyof HasClosedForm<Distribution, typeof bernoulli>
    const unknown: Unknown = "no closed form is known for KL(string ‖ Bernoulli); use klResult or Monte Carlo"
    expect([message, inner, unknown]).toHaveLength(3)
    type Point = ReturnType<typeof Delta<"real">>
    type OnlyOther = keyof HasClosedForm<Point | typeof normal, typeof bernoulli>
    const other: OnlyOther = "no closed form is known for KL(Normal ‖ Bernoulli); use klResult or Monte Carlo"
    expect(other).toContain("Normal")
    expect(
      holds(
        true as Equal<HasClosedForm<Point, typeof bernoulli>, unknown>,
        true as Equal<HasClosedForm<Point, Distribution>, unknown>,
        true as Equal<HasClosedForm<ReturnType<Point["toEvent"]>, typeof oneHot>, unknown>,
      ),
    ).toBe(3)
    expect(holds(true as Equal<HasClosedForm<typeof normal, typeof normal>, unknown>)).toBe(1)
  })

  it("what is not on a family's type is not there", () => {
    for (const d of [bernoulli, categorical, oneHot, bernoulli.toEvent(0)]) expect("rsample" in d).toBe(false)
    for (const d of [normal, logNormal, Transformed(normal, exp), normal.toEvent(0)])
      expect("rsample" in d).toBe(true)
    expect("mean" in categorical.toEvent(0)).toBe(false)
    expect("entropy" in Transformed(normal, exp)).toBe(false)
  })
})
