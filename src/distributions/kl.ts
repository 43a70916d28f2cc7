/**
 * The Kullback–Leibler divergence KL(p ‖ q) = E_p[log p(x) − log q(x)] where a closed form is known.
 *
 * {@link pairs} lists them: the family of p, then of q, where `Independent(Normal)` is a `Normal` whose batch was made
 * part of the event. Two `Independent` distributions, and two `Transformed` by one and the same transform, have the
 * divergence of their bases. A pair that is not listed does not compile where both families are known; `klResult`
 * asks at run time.
 *
 * ```ts
 * kl(Normal({ loc: [0, 1], scale: 1 }), Normal({ loc: 0, scale: 2 }))   // shape [2]
 * kl(Normal({ loc: 0, scale: 1 }), Bernoulli({ probs: 0.5 }))           // does not compile
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, sumRightmost } from "../tensor/Shape.ts"
import type { AsymmetricLaplace } from "./AsymmetricLaplace.ts"
import { type Beta, klBetaBeta } from "./Beta.ts"
import { type Cauchy, klCauchyCauchy } from "./Cauchy.ts"
import { type Chi2, chi2AsGamma } from "./Chi2.ts"
import { type ContinuousBernoulli, klContinuousBernoulliContinuousBernoulli } from "./ContinuousBernoulli.ts"
import { type Dirichlet, klDirichletDirichlet } from "./Dirichlet.ts"
import { broadcastTo, type Distribution } from "./Distribution.ts"
import { type Exponential, klExponentialExponential } from "./Exponential.ts"
import { InvalidParameter, NoClosedForm } from "./errors.ts"
import type { Gamma } from "./Gamma.ts"
import { klShapeRate } from "./GammaLike.ts"
import { type GaussianRandomWalk, klGaussianRandomWalks } from "./GaussianRandomWalk.ts"
import type { Gumbel } from "./Gumbel.ts"
import { type HalfCauchy, klHalfCauchyHalfCauchy } from "./HalfCauchy.ts"
import { type HalfNormal, klHalfNormalHalfNormal } from "./HalfNormal.ts"
import { IndependentDistribution } from "./Independent.ts"
import type { InverseGamma } from "./InverseGamma.ts"
import { type InverseGaussian, klInverseGaussianInverseGaussian } from "./InverseGaussian.ts"
import type { Kumaraswamy } from "./Kumaraswamy.ts"
import { countPairs } from "./klCountPairs.ts"
import { gaussianPairs } from "./klGaussianPairs.ts"
import {
  klExponentialGumbel,
  klExponentialLogNormal,
  klLogUniformLogNormal,
  klNormalGumbel,
  klToExponential,
  klToHalfNormal,
  klToNormal,
  klUniformExponential,
  klUniformGumbel,
  klUniformHalfNormal,
} from "./klMoments.ts"
import {
  exponentialAsWeibull,
  klGammaWeibull,
  klGumbelGumbel,
  klLogNormalWeibull,
  klLogUniformWeibull,
  klWeibullGamma,
  klWeibullLogNormal,
  klWeibullWeibull,
} from "./klWeibull.ts"
import { klLaplaceLaplace, klNormalLaplace, type Laplace } from "./Laplace.ts"
import type { Logistic } from "./Logistic.ts"
import type { LogNormal } from "./LogNormal.ts"
import { klLogUniformLogUniform, type LogUniform } from "./LogUniform.ts"
import { klNormalNormal, type Normal } from "./Normal.ts"
import type { OneHotCategorical } from "./OneHotCategorical.ts"
import { klParetoPareto, klUniformPareto, type Pareto } from "./Pareto.ts"
import type { SoftLaplace } from "./SoftLaplace.ts"
import { TransformedDistribution } from "./Transformed.ts"
import { klUniformUniform, type Uniform } from "./Uniform.ts"
import { klVonMisesVonMises, type VonMises } from "./VonMises.ts"
import type { Weibull } from "./Weibull.ts"
import { klWeights } from "./weights.ts"

/** The closed forms, elementwise over the batch: the family of p, then of q, then the formula. */
export const pairs = {
  ...countPairs,
  Normal: {
    Normal: (p: Normal, q: Normal) => klNormalNormal(p, q),
    Laplace: (p: Normal, q: Laplace) => klNormalLaplace(p, q),
    Gumbel: (p: Normal, q: Gumbel) => klNormalGumbel(p, q),
  },
  Laplace: {
    Laplace: (p: Laplace, q: Laplace) => klLaplaceLaplace(p, q),
    Normal: (p: Laplace, q: Normal) => klToNormal(p, q),
  },
  AsymmetricLaplace: { Normal: (p: AsymmetricLaplace, q: Normal) => klToNormal(p, q) },
  SoftLaplace: { Normal: (p: SoftLaplace, q: Normal) => klToNormal(p, q) },
  Cauchy: { Cauchy: (p: Cauchy, q: Cauchy) => klCauchyCauchy(p, q) },
  Logistic: { Normal: (p: Logistic, q: Normal) => klToNormal(p, q) },
  Gumbel: {
    Gumbel: (p: Gumbel, q: Gumbel) => klGumbelGumbel(p, q),
    Normal: (p: Gumbel, q: Normal) => klToNormal(p, q),
  },
  GaussianRandomWalk: {
    GaussianRandomWalk: (p: GaussianRandomWalk, q: GaussianRandomWalk) => klGaussianRandomWalks(p, q),
  },
  // A divergence does not change under a map of both, here the logarithm.
  LogNormal: {
    LogNormal: (p: LogNormal, q: LogNormal) => klNormalNormal(p, q),
    Normal: (p: LogNormal, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: LogNormal, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: LogNormal, q: Exponential) => klToExponential(p, q),
    Weibull: (p: LogNormal, q: Weibull) => klLogNormalWeibull(p, q),
  },
  HalfNormal: {
    HalfNormal: (p: HalfNormal, q: HalfNormal) => klHalfNormalHalfNormal(p, q),
    Normal: (p: HalfNormal, q: Normal) => klToNormal(p, q),
    Exponential: (p: HalfNormal, q: Exponential) => klToExponential(p, q),
  },
  HalfCauchy: { HalfCauchy: (p: HalfCauchy, q: HalfCauchy) => klHalfCauchyHalfCauchy(p, q) },
  Exponential: {
    Exponential: (p: Exponential, q: Exponential) => klExponentialExponential(p, q),
    Gamma: (p: Exponential, q: Gamma) => klShapeRate({ concentration: 1, rate: p.rate }, q),
    Chi2: (p: Exponential, q: Chi2) => klShapeRate({ concentration: 1, rate: p.rate }, chi2AsGamma(q)),
    Normal: (p: Exponential, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Exponential, q: HalfNormal) => klToHalfNormal(p, q),
    LogNormal: (p: Exponential, q: LogNormal) => klExponentialLogNormal(p, q),
    Gumbel: (p: Exponential, q: Gumbel) => klExponentialGumbel(p, q),
    Weibull: (p: Exponential, q: Weibull) => klWeibullWeibull(exponentialAsWeibull(p), q),
  },
  Gamma: {
    Gamma: (p: Gamma, q: Gamma) => klShapeRate(p, q),
    Weibull: (p: Gamma, q: Weibull) => klGammaWeibull(p, q),
    Exponential: (p: Gamma, q: Exponential) => klShapeRate(p, { concentration: 1, rate: q.rate }),
    Chi2: (p: Gamma, q: Chi2) => klShapeRate(p, chi2AsGamma(q)),
    Normal: (p: Gamma, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Gamma, q: HalfNormal) => klToHalfNormal(p, q),
  },
  Chi2: {
    Chi2: (p: Chi2, q: Chi2) => klShapeRate(chi2AsGamma(p), chi2AsGamma(q)),
    Gamma: (p: Chi2, q: Gamma) => klShapeRate(chi2AsGamma(p), q),
    Exponential: (p: Chi2, q: Exponential) => klShapeRate(chi2AsGamma(p), { concentration: 1, rate: q.rate }),
    Normal: (p: Chi2, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Chi2, q: HalfNormal) => klToHalfNormal(p, q),
  },
  // That of the two gammas that the inverses are.
  InverseGamma: { InverseGamma: (p: InverseGamma, q: InverseGamma) => klShapeRate(p, q) },
  Beta: {
    Beta: (p: Beta, q: Beta) => klBetaBeta(p, q),
    Normal: (p: Beta, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Beta, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: Beta, q: Exponential) => klToExponential(p, q),
  },
  Dirichlet: { Dirichlet: (p: Dirichlet, q: Dirichlet) => klDirichletDirichlet(p, q) },
  InverseGaussian: {
    InverseGaussian: (p: InverseGaussian, q: InverseGaussian) => klInverseGaussianInverseGaussian(p, q),
  },
  ContinuousBernoulli: {
    ContinuousBernoulli: (p: ContinuousBernoulli, q: ContinuousBernoulli) =>
      klContinuousBernoulliContinuousBernoulli(p, q),
    Normal: (p: ContinuousBernoulli, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: ContinuousBernoulli, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: ContinuousBernoulli, q: Exponential) => klToExponential(p, q),
  },
  VonMises: { VonMises: (p: VonMises, q: VonMises) => klVonMisesVonMises(p, q) },
  Weibull: {
    Weibull: (p: Weibull, q: Weibull) => klWeibullWeibull(p, q),
    Exponential: (p: Weibull, q: Exponential) => klWeibullWeibull(p, exponentialAsWeibull(q)),
    Gamma: (p: Weibull, q: Gamma) => klWeibullGamma(p, q),
    Chi2: (p: Weibull, q: Chi2) => klWeibullGamma(p, chi2AsGamma(q)),
    LogNormal: (p: Weibull, q: LogNormal) => klWeibullLogNormal(p, q),
    Normal: (p: Weibull, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Weibull, q: HalfNormal) => klToHalfNormal(p, q),
  },
  Kumaraswamy: {
    Normal: (p: Kumaraswamy, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Kumaraswamy, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: Kumaraswamy, q: Exponential) => klToExponential(p, q),
  },
  Pareto: {
    Pareto: (p: Pareto, q: Pareto) => klParetoPareto(p, q),
    Normal: (p: Pareto, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Pareto, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: Pareto, q: Exponential) => klToExponential(p, q),
  },
  LogUniform: {
    LogUniform: (p: LogUniform, q: LogUniform) => klLogUniformLogUniform(p, q),
    Normal: (p: LogUniform, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: LogUniform, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: LogUniform, q: Exponential) => klToExponential(p, q),
    LogNormal: (p: LogUniform, q: LogNormal) => klLogUniformLogNormal(p, q),
    Weibull: (p: LogUniform, q: Weibull) => klLogUniformWeibull(p, q),
  },
  Uniform: {
    Uniform: (p: Uniform, q: Uniform) => klUniformUniform(p, q),
    Normal: (p: Uniform, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Uniform, q: HalfNormal) => klUniformHalfNormal(p, q),
    Exponential: (p: Uniform, q: Exponential) => klUniformExponential(p, q),
    Gumbel: (p: Uniform, q: Gumbel) => klUniformGumbel(p, q),
    Pareto: (p: Uniform, q: Pareto) => klUniformPareto(p, q),
  },
  OneHotCategorical: {
    OneHotCategorical: (p: OneHotCategorical, q: OneHotCategorical) => klWeights(p.weights, q.weights),
  },
  ...gaussianPairs,
} as const

type Pairs = typeof pairs

/** The pairs among P × Q that have no closed form, as text; never, if all have one. */
type Unknown<P, Q> =
  P extends IndependentDistribution<infer A>
    ? Q extends IndependentDistribution<infer B>
      ? Unknown<A, B>
      : Unlisted<P, Q>
    : P extends TransformedDistribution<infer A, string>
      ? Q extends TransformedDistribution<infer B, string>
        ? Unknown<A, B>
        : Named<P, Q>
      : Unlisted<P, Q>

type Unlisted<P, Q> =
  Label<P> extends infer F extends keyof Pairs
    ? Q extends unknown
      ? Label<Q> extends keyof Pairs[F]
        ? never
        : Named<P, Q>
      : never
    : Named<P, Q>

type Named<P, Q> = `${Label<P>} ‖ ${Label<Q>}`

/** What {@link pairs} calls a distribution. */
type Label<P> =
  P extends IndependentDistribution<infer A>
    ? `Independent(${Label<A>})`
    : P extends { readonly family: infer F extends string }
      ? F
      : never

/** Nothing to ask of Q, or a property that it lacks and whose name says what is wrong. */
export type HasClosedForm<P, Q> = [Unknown<P, Q>] extends [never]
  ? unknown
  : { readonly [K in `no closed form is known for KL(${Unknown<P, Q>}); use klResult or Monte Carlo`]: never }

/**
 * KL(p ‖ q) in nats, of the shape that the two batch shapes broadcast to. Throws `ShapeMismatch` where their shapes
 * do not agree, `NoClosedForm` where two `Transformed` differ in their transform.
 */
export const kl = <P extends Distribution, Q extends Distribution>(
  p: P,
  q: Q & HasClosedForm<P, Q>,
): tf.Tensor => {
  const formula = find(p, q)
  if (formula === undefined) throw new NoClosedForm({ p: describe(p), q: describe(q) })
  return evaluate(p, q, formula)
}

/** {@link kl} for families that are known only at run time. */
export const klResult = (
  p: Distribution,
  q: Distribution,
): Result.Result<tf.Tensor, NoClosedForm | InvalidParameter | ShapeMismatch> => {
  const formula = find(p, q)
  if (formula === undefined) return Result.fail(new NoClosedForm({ p: describe(p), q: describe(q) }))
  try {
    return Result.succeed(evaluate(p, q, formula))
  } catch (thrown) {
    if (thrown instanceof InvalidParameter || thrown instanceof ShapeMismatch) return Result.fail(thrown)
    throw thrown
  }
}

/** Whether KL(p ‖ q) has a closed form here. Makes no tensors. */
export const hasKl = (p: Distribution, q: Distribution): boolean => find(p, q) !== undefined

type Formula = (p: Distribution, q: Distribution) => tf.Tensor

const find = (p: Distribution, q: Distribution): Formula | undefined => {
  if (p instanceof IndependentDistribution && q instanceof IndependentDistribution) {
    const base = find(p.base, q.base)
    return base && (() => sumRightmost(evaluate(p.base, q.base, base), alignedRank(p, q)))
  }
  if (p instanceof TransformedDistribution && q instanceof TransformedDistribution) {
    if (p.transform !== q.transform) return undefined
    const base = find(p.base, q.base)
    return base && (() => evaluate(p.base, q.base, base))
  }
  const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = pairs
  return table[describe(p)]?.[describe(q)] as Formula | undefined
}

const evaluate = (p: Distribution, q: Distribution, formula: Formula): tf.Tensor => {
  const problem = p.problem ?? q.problem
  if (problem !== undefined) throw problem
  const batch = broadcast(p.batchShape, q.batchShape)
  if (batch === undefined || !equals(p.eventShape, q.eventShape)) {
    throw new ShapeMismatch({
      where: `kl(${describe(p)} ‖ ${describe(q)})`,
      expected: "batch shapes that broadcast and equal event shapes",
      found: `batch ${format(p.batchShape)} and ${format(q.batchShape)}, event ${format(p.eventShape)} and ${format(q.eventShape)}`,
    })
  }
  return tf.tidy(() => broadcastTo(formula(p, q), batch))
}

const alignedRank = (
  p: IndependentDistribution<Distribution>,
  q: IndependentDistribution<Distribution>,
): number => {
  if (p.reinterpreted === q.reinterpreted) return p.reinterpreted
  throw new ShapeMismatch({
    where: `kl(${describe(p)} ‖ ${describe(q)})`,
    expected: "the same number of batch dimensions made part of the event in both",
    found: `${p.reinterpreted} and ${q.reinterpreted}`,
  })
}

const describe = (d: Distribution): string => {
  if (d instanceof IndependentDistribution) return `Independent(${describe(d.base)})`
  if (d instanceof TransformedDistribution) return `Transformed(${describe(d.base)}, ${d.transform.name})`
  return d.family
}
