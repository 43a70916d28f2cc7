/** The divergences between families of counts that have a closed form: the family of p, then of q, then the formula. */
import { type Bernoulli, klBernoulliBernoulli } from "../Bernoulli.ts"
import type { BetaBinomial } from "../BetaBinomial.ts"
import { type Binomial, klBinomialBinomial } from "../Binomial.ts"
import type { Categorical } from "../Categorical.ts"
import { type DiscreteUniform, klDiscreteUniformDiscreteUniform } from "../DiscreteUniform.ts"
import { type Geometric, klGeometricGeometric } from "../Geometric.ts"
import { klMultinomialMultinomial, type Multinomial } from "../Multinomial.ts"
import {
  type GammaPoisson,
  klNegativeBinomials,
  type NegativeBinomial,
  type NegativeBinomial2,
} from "../NegativeBinomial.ts"
import type { OrderedLogistic } from "../OrderedLogistic.ts"
import { klPoissonPoisson, type Poisson } from "../Poisson.ts"
import { klBernoulliCount, klClasses, klDiscreteUniformGeometric } from "./counts.ts"

/** To be spread into the table of all pairs. */
export const countPairs = {
  Bernoulli: {
    Bernoulli: (p: Bernoulli, q: Bernoulli) => klBernoulliBernoulli(p, q),
    BetaBinomial: (p: Bernoulli, q: BetaBinomial) => klBernoulliCount(p, q),
    Binomial: (p: Bernoulli, q: Binomial) => klBernoulliCount(p, q),
    GammaPoisson: (p: Bernoulli, q: GammaPoisson) => klBernoulliCount(p, q),
    Geometric: (p: Bernoulli, q: Geometric) => klBernoulliCount(p, q),
    NegativeBinomial: (p: Bernoulli, q: NegativeBinomial) => klBernoulliCount(p, q),
    NegativeBinomial2: (p: Bernoulli, q: NegativeBinomial2) => klBernoulliCount(p, q),
    Poisson: (p: Bernoulli, q: Poisson) => klBernoulliCount(p, q),
  },
  Binomial: { Binomial: (p: Binomial, q: Binomial) => klBinomialBinomial(p, q) },
  Categorical: {
    Categorical: (p: Categorical, q: Categorical) => klClasses(p, q),
    OrderedLogistic: (p: Categorical, q: OrderedLogistic) => klClasses(p, q),
  },
  DiscreteUniform: {
    DiscreteUniform: (p: DiscreteUniform, q: DiscreteUniform) => klDiscreteUniformDiscreteUniform(p, q),
    Geometric: (p: DiscreteUniform, q: Geometric) => klDiscreteUniformGeometric(p, q),
  },
  GammaPoisson: {
    GammaPoisson: (p: GammaPoisson, q: GammaPoisson) => klNegativeBinomials(p, q),
    NegativeBinomial: (p: GammaPoisson, q: NegativeBinomial) => klNegativeBinomials(p, q),
    NegativeBinomial2: (p: GammaPoisson, q: NegativeBinomial2) => klNegativeBinomials(p, q),
  },
  Geometric: { Geometric: (p: Geometric, q: Geometric) => klGeometricGeometric(p, q) },
  Multinomial: { Multinomial: (p: Multinomial, q: Multinomial) => klMultinomialMultinomial(p, q) },
  NegativeBinomial: {
    GammaPoisson: (p: NegativeBinomial, q: GammaPoisson) => klNegativeBinomials(p, q),
    NegativeBinomial: (p: NegativeBinomial, q: NegativeBinomial) => klNegativeBinomials(p, q),
    NegativeBinomial2: (p: NegativeBinomial, q: NegativeBinomial2) => klNegativeBinomials(p, q),
  },
  NegativeBinomial2: {
    GammaPoisson: (p: NegativeBinomial2, q: GammaPoisson) => klNegativeBinomials(p, q),
    NegativeBinomial: (p: NegativeBinomial2, q: NegativeBinomial) => klNegativeBinomials(p, q),
    NegativeBinomial2: (p: NegativeBinomial2, q: NegativeBinomial2) => klNegativeBinomials(p, q),
  },
  OrderedLogistic: {
    Categorical: (p: OrderedLogistic, q: Categorical) => klClasses(p, q),
    OrderedLogistic: (p: OrderedLogistic, q: OrderedLogistic) => klClasses(p, q),
  },
  Poisson: { Poisson: (p: Poisson, q: Poisson) => klPoissonPoisson(p, q) },
} as const
