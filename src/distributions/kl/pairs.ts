/**
 * The pairs of families whose divergence has a closed form, or a quadrature exact to float32. The formulas stand with their families, or beside this
 * file where several families share one.
 */
import type { AsymmetricLaplace } from "../AsymmetricLaplace.ts"
import { type Beta, klBetaBeta } from "../Beta.ts"
import { type Cauchy, klCauchyCauchy } from "../Cauchy.ts"
import { type Chi2, chi2AsGamma } from "../Chi2.ts"
import { type ContinuousBernoulli, klContinuousBernoulliContinuousBernoulli } from "../ContinuousBernoulli.ts"
import { type Dirichlet, klDirichletDirichlet } from "../Dirichlet.ts"
import { type Exponential, klExponentialExponential } from "../Exponential.ts"
import type { Gamma } from "../Gamma.ts"
import { klShapeRate } from "../GammaLike.ts"
import { type GaussianRandomWalk, klGaussianRandomWalks } from "../GaussianRandomWalk.ts"
import type { Gumbel } from "../Gumbel.ts"
import { type HalfCauchy, klHalfCauchyHalfCauchy } from "../HalfCauchy.ts"
import { type HalfNormal, klHalfNormalHalfNormal } from "../HalfNormal.ts"
import type { InverseGamma } from "../InverseGamma.ts"
import { type InverseGaussian, klInverseGaussianInverseGaussian } from "../InverseGaussian.ts"
import { type Kumaraswamy, klKumaraswamyBeta } from "../Kumaraswamy.ts"
import { klLaplaceLaplace, klNormalLaplace, type Laplace } from "../Laplace.ts"
import type { Logistic } from "../Logistic.ts"
import type { LogNormal } from "../LogNormal.ts"
import { klLogUniformLogUniform, type LogUniform } from "../LogUniform.ts"
import { klNormalNormal, type Normal } from "../Normal.ts"
import type { OneHotCategorical } from "../OneHotCategorical.ts"
import { klParetoPareto, klUniformPareto, type Pareto } from "../Pareto.ts"
import type { SoftLaplace } from "../SoftLaplace.ts"
import type { StudentT } from "../StudentT.ts"
import type { TruncatedNormal } from "../TruncatedNormal.ts"
import { klUniformUniform, type Uniform } from "../Uniform.ts"
import { klVonMisesVonMises, type VonMises } from "../VonMises.ts"
import { klVonMisesFishers, type VonMisesFisher } from "../VonMisesFisher.ts"
import type { Weibull } from "../Weibull.ts"
import { klWeights } from "../weights.ts"
import { countPairs } from "./countPairs.ts"
import { gammaPairs } from "./gammaPairs.ts"
import { gaussianPairs } from "./gaussianPairs.ts"
import {
  halfNormalAsTruncated,
  klAsymmetricLaplaceAsymmetricLaplace,
  klLogisticLogistic,
  klSoftLaplaceSoftLaplace,
  klStudentTStudentT,
  klTruncatedNormals,
} from "./locationScale.ts"
import { matrixPairs } from "./matrixPairs.ts"
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
} from "./moments.ts"
import {
  exponentialAsWeibull,
  klGammaWeibull,
  klGumbelGumbel,
  klLogNormalWeibull,
  klLogUniformWeibull,
  klWeibullGamma,
  klWeibullLogNormal,
  klWeibullWeibull,
} from "./weibull.ts"

/** The formulas, elementwise over the batch: the family of p, then of q, then the formula. */
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
  AsymmetricLaplace: {
    AsymmetricLaplace: (p: AsymmetricLaplace, q: AsymmetricLaplace) =>
      klAsymmetricLaplaceAsymmetricLaplace(p, q),
    Normal: (p: AsymmetricLaplace, q: Normal) => klToNormal(p, q),
  },
  SoftLaplace: {
    SoftLaplace: (p: SoftLaplace, q: SoftLaplace) => klSoftLaplaceSoftLaplace(p, q),
    Normal: (p: SoftLaplace, q: Normal) => klToNormal(p, q),
  },
  Cauchy: { Cauchy: (p: Cauchy, q: Cauchy) => klCauchyCauchy(p, q) },
  StudentT: { StudentT: (p: StudentT, q: StudentT) => klStudentTStudentT(p, q) },
  TruncatedNormal: {
    TruncatedNormal: (p: TruncatedNormal, q: TruncatedNormal) => klTruncatedNormals(p, q),
    Normal: (p: TruncatedNormal, q: Normal) => klTruncatedNormals(p, q),
    HalfNormal: (p: TruncatedNormal, q: HalfNormal) => klTruncatedNormals(p, halfNormalAsTruncated(q)),
  },
  Logistic: {
    Logistic: (p: Logistic, q: Logistic) => klLogisticLogistic(p, q),
    Normal: (p: Logistic, q: Normal) => klToNormal(p, q),
  },
  Gumbel: {
    Gumbel: (p: Gumbel, q: Gumbel) => klGumbelGumbel(p, q),
    Normal: (p: Gumbel, q: Normal) => klToNormal(p, q),
  },
  GaussianRandomWalk: {
    GaussianRandomWalk: (p: GaussianRandomWalk, q: GaussianRandomWalk) => klGaussianRandomWalks(p, q),
  },
  // A divergence does not change under a map of both, here the logarithm.
  LogNormal: {
    ...gammaPairs.LogNormal,
    LogNormal: (p: LogNormal, q: LogNormal) => klNormalNormal(p, q),
    Normal: (p: LogNormal, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: LogNormal, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: LogNormal, q: Exponential) => klToExponential(p, q),
    Weibull: (p: LogNormal, q: Weibull) => klLogNormalWeibull(p, q),
  },
  HalfNormal: {
    ...gammaPairs.HalfNormal,
    HalfNormal: (p: HalfNormal, q: HalfNormal) => klHalfNormalHalfNormal(p, q),
    TruncatedNormal: (p: HalfNormal, q: TruncatedNormal) => klTruncatedNormals(halfNormalAsTruncated(p), q),
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
    ...gammaPairs.Gamma,
    Gamma: (p: Gamma, q: Gamma) => klShapeRate(p, q),
    Weibull: (p: Gamma, q: Weibull) => klGammaWeibull(p, q),
    Exponential: (p: Gamma, q: Exponential) => klShapeRate(p, { concentration: 1, rate: q.rate }),
    Chi2: (p: Gamma, q: Chi2) => klShapeRate(p, chi2AsGamma(q)),
    Normal: (p: Gamma, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Gamma, q: HalfNormal) => klToHalfNormal(p, q),
  },
  Chi2: {
    ...gammaPairs.Chi2,
    Chi2: (p: Chi2, q: Chi2) => klShapeRate(chi2AsGamma(p), chi2AsGamma(q)),
    Gamma: (p: Chi2, q: Gamma) => klShapeRate(chi2AsGamma(p), q),
    Exponential: (p: Chi2, q: Exponential) => klShapeRate(chi2AsGamma(p), { concentration: 1, rate: q.rate }),
    Normal: (p: Chi2, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Chi2, q: HalfNormal) => klToHalfNormal(p, q),
  },
  // That of the two gammas that the inverses are.
  InverseGamma: {
    ...gammaPairs.InverseGamma,
    InverseGamma: (p: InverseGamma, q: InverseGamma) => klShapeRate(p, q),
  },
  Beta: {
    ...gammaPairs.Beta,
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
    ...gammaPairs.ContinuousBernoulli,
    ContinuousBernoulli: (p: ContinuousBernoulli, q: ContinuousBernoulli) =>
      klContinuousBernoulliContinuousBernoulli(p, q),
    Normal: (p: ContinuousBernoulli, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: ContinuousBernoulli, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: ContinuousBernoulli, q: Exponential) => klToExponential(p, q),
  },
  VonMises: { VonMises: (p: VonMises, q: VonMises) => klVonMisesVonMises(p, q) },
  VonMisesFisher: { VonMisesFisher: (p: VonMisesFisher, q: VonMisesFisher) => klVonMisesFishers(p, q) },
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
    ...gammaPairs.Kumaraswamy,
    Beta: (p: Kumaraswamy, q: Beta) => klKumaraswamyBeta(p, q),
    Normal: (p: Kumaraswamy, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Kumaraswamy, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: Kumaraswamy, q: Exponential) => klToExponential(p, q),
  },
  Pareto: {
    ...gammaPairs.Pareto,
    Pareto: (p: Pareto, q: Pareto) => klParetoPareto(p, q),
    Normal: (p: Pareto, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: Pareto, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: Pareto, q: Exponential) => klToExponential(p, q),
  },
  LogUniform: {
    ...gammaPairs.LogUniform,
    LogUniform: (p: LogUniform, q: LogUniform) => klLogUniformLogUniform(p, q),
    Normal: (p: LogUniform, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: LogUniform, q: HalfNormal) => klToHalfNormal(p, q),
    Exponential: (p: LogUniform, q: Exponential) => klToExponential(p, q),
    LogNormal: (p: LogUniform, q: LogNormal) => klLogUniformLogNormal(p, q),
    Weibull: (p: LogUniform, q: Weibull) => klLogUniformWeibull(p, q),
  },
  Uniform: {
    ...gammaPairs.Uniform,
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
  ...matrixPairs,
} as const
