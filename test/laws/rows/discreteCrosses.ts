/** Pairs of different families of counts whose divergence has a closed form. */
import { Bernoulli } from "../../../src/distributions/Bernoulli.ts"
import { BetaBinomial } from "../../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../../src/distributions/Binomial.ts"
import { Categorical } from "../../../src/distributions/Categorical.ts"
import { DiscreteUniform } from "../../../src/distributions/DiscreteUniform.ts"
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { Geometric } from "../../../src/distributions/Geometric.ts"
import {
  GammaPoisson,
  NegativeBinomial,
  NegativeBinomial2,
} from "../../../src/distributions/NegativeBinomial.ts"
import { OrderedLogistic } from "../../../src/distributions/OrderedLogistic.ts"
import { Poisson } from "../../../src/distributions/Poisson.ts"
import { points } from "../grid.ts"

const upTo = (n: number) => points(Array.from({ length: n + 1 }, (_, k) => [k]))

/** The same number of failures, and different chances. */
const negativeBinomials = (odds: number): ReadonlyArray<Distribution> => [
  NegativeBinomial({ totalCount: 3, probs: odds / (1 + odds) }),
  NegativeBinomial2({ mean: 3.3 * odds, concentration: 3 }),
  GammaPoisson({ concentration: 3, rate: 1.2 / odds }),
]

const pair = (p: Distribution, q: Distribution, n: number) => ({
  title: `${p.family} ‖ ${q.family}`,
  p,
  q,
  grid: upTo(n),
})

export const discreteCrosses = [
  ...[
    Binomial({ totalCount: 4, probs: 0.3 }),
    BetaBinomial({ totalCount: 3, concentration1: 2, concentration0: 0.7 }),
    Geometric({ probs: 0.6 }),
    Poisson({ rate: 0.7 }),
    ...negativeBinomials(0.5),
  ].map((q) => pair(Bernoulli({ logits: -0.4 }), q, 1)),
  ...negativeBinomials(1).flatMap((p) => negativeBinomials(0.6).map((q) => pair(p, q, 120))),
  pair(DiscreteUniform({ low: 2, high: 9 }), Geometric({ logits: -1 }), 9),
  pair(Categorical({ probs: [0.2, 0.5, 0.3] }), OrderedLogistic({ predictor: 0.3, cutpoints: [-1, 0.5] }), 2),
  pair(OrderedLogistic({ predictor: 0.3, cutpoints: [-1, 0.5] }), Categorical({ probs: [0.2, 0.5, 0.3] }), 2),
]
