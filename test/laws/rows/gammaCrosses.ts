/** Divergences between the gamma's relatives and other families. */
import { Beta } from "../../../src/distributions/Beta.ts"
import { Chi2 } from "../../../src/distributions/Chi2.ts"
import { ContinuousBernoulli } from "../../../src/distributions/ContinuousBernoulli.ts"
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { HalfNormal } from "../../../src/distributions/HalfNormal.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { type Grid, line, mapped } from "../grid.ts"

const positives: Grid = mapped(Math.log(1e-9), Math.log(60), 6000, Math.exp, Math.exp)

/** Each p with where to integrate over it. */
const from = {
  Gamma: { p: Gamma({ concentration: 2.5, rate: 1.5 }), grid: positives },
  Chi2: { p: Chi2({ df: 3 }), grid: positives },
  Exponential: { p: Exponential({ rate: 0.8 }), grid: positives },
  ContinuousBernoulli: { p: ContinuousBernoulli({ logits: -3 }), grid: line(0, 1, 4000) },
  Beta: { p: Beta({ concentration1: 2, concentration0: 3 }), grid: line(0, 1, 4000) },
} satisfies Record<string, { readonly p: Distribution; readonly grid: Grid }>

const to = {
  Gamma: Gamma({ concentration: 1.8, rate: 0.7 }),
  Chi2: Chi2({ df: 2.4 }),
  Exponential: Exponential({ rate: 0.6 }),
  Normal: Normal({ loc: 0.4, scale: 1.8 }),
  HalfNormal: HalfNormal({ scale: 2.5 }),
}

const listed: Readonly<Record<keyof typeof to, ReadonlyArray<keyof typeof from>>> = {
  Gamma: ["Chi2", "Exponential"],
  Chi2: ["Gamma", "Exponential"],
  Exponential: ["Gamma", "Chi2", "Beta", "ContinuousBernoulli"],
  Normal: ["Gamma", "Chi2", "Beta", "ContinuousBernoulli"],
  HalfNormal: ["Gamma", "Chi2", "Beta", "ContinuousBernoulli"],
}

export const gammaCrosses = (Object.keys(listed) as Array<keyof typeof to>).flatMap((name) =>
  listed[name].map((family) => ({ title: `${family} ‖ ${name}`, ...from[family], q: to[name] })),
)
