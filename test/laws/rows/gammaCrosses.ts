/** Divergences between the gamma's relatives and other families. */
import { Beta } from "../../../src/distributions/Beta.ts"
import { Chi2 } from "../../../src/distributions/Chi2.ts"
import { ContinuousBernoulli } from "../../../src/distributions/ContinuousBernoulli.ts"
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { Gumbel } from "../../../src/distributions/Gumbel.ts"
import { HalfNormal } from "../../../src/distributions/HalfNormal.ts"
import { InverseGamma } from "../../../src/distributions/InverseGamma.ts"
import { Kumaraswamy } from "../../../src/distributions/Kumaraswamy.ts"
import { LogNormal } from "../../../src/distributions/LogNormal.ts"
import { LogUniform } from "../../../src/distributions/LogUniform.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { Pareto } from "../../../src/distributions/Pareto.ts"
import { Uniform } from "../../../src/distributions/Uniform.ts"
import { type Grid, line, mapped } from "../grid.ts"

const logarithmic = (low: number, high: number): Grid =>
  mapped(Math.log(low), Math.log(high), 6000, Math.exp, Math.exp)
const positives = logarithmic(1e-9, 60)

/** Each p with where to integrate over it. */
const from = {
  Gamma: { p: Gamma({ concentration: 2.5, rate: 1.5 }), grid: positives },
  Chi2: { p: Chi2({ df: 3 }), grid: positives },
  Exponential: { p: Exponential({ rate: 0.8 }), grid: positives },
  InverseGamma: { p: InverseGamma({ concentration: 6, rate: 4 }), grid: logarithmic(0.05, 400) },
  ContinuousBernoulli: { p: ContinuousBernoulli({ logits: -3 }), grid: line(0, 1, 4000) },
  Beta: { p: Beta({ concentration1: 2, concentration0: 3 }), grid: line(0, 1, 20_000) },
  Kumaraswamy: { p: Kumaraswamy({ concentration1: 2, concentration0: 3 }), grid: line(0, 1, 20_000) },
  LogNormal: { p: LogNormal({ loc: 0.2, scale: 0.5 }), grid: logarithmic(0.01, 50) },
  HalfNormal: { p: HalfNormal({ scale: 1.4 }), grid: line(0, 12, 20_000) },
  Pareto: { p: Pareto({ scale: 0.5, alpha: 5 }), grid: logarithmic(0.5, 60) },
  LogUniform: { p: LogUniform({ low: 0.2, high: 4 }), grid: logarithmic(0.2, 4) },
  Uniform: { p: Uniform({ low: 0.25, high: 0.75 }), grid: line(0.25, 0.75, 4000) },
  "Uniform from 0": { p: Uniform({ low: 0, high: 1 }), grid: line(0, 1, 50_000) },
} satisfies Record<string, { readonly p: Distribution; readonly grid: Grid }>

const to = {
  Gamma: Gamma({ concentration: 1.8, rate: 0.7 }),
  Chi2: Chi2({ df: 2.4 }),
  InverseGamma: InverseGamma({ concentration: 1.7, rate: 0.9 }),
  Exponential: Exponential({ rate: 0.6 }),
  Normal: Normal({ loc: 0.4, scale: 1.8 }),
  HalfNormal: HalfNormal({ scale: 2.5 }),
  LogNormal: LogNormal({ loc: -0.3, scale: 1.1 }),
  Gumbel: Gumbel({ loc: 0.4, scale: 1.3 }),
  Beta: Beta({ concentration1: 1.6, concentration0: 2.2 }),
  ContinuousBernoulli: ContinuousBernoulli({ logits: 1.4 }),
  Uniform: Uniform({ low: -0.5, high: 1 }),
}

const listed: Readonly<Record<keyof typeof to, ReadonlyArray<keyof typeof from>>> = {
  Gamma: [
    "Chi2",
    "Exponential",
    "InverseGamma",
    "Beta",
    "Kumaraswamy",
    "LogNormal",
    "HalfNormal",
    "Pareto",
    "LogUniform",
    "Uniform",
    "Uniform from 0",
  ],
  Chi2: [
    "Gamma",
    "Exponential",
    "InverseGamma",
    "Beta",
    "Kumaraswamy",
    "LogNormal",
    "HalfNormal",
    "Pareto",
    "LogUniform",
    "Uniform",
  ],
  InverseGamma: ["Gamma", "Chi2", "LogNormal"],
  Exponential: ["Gamma", "Chi2", "InverseGamma", "Beta", "ContinuousBernoulli"],
  Normal: ["Gamma", "Chi2", "InverseGamma", "Beta", "ContinuousBernoulli"],
  HalfNormal: ["Gamma", "Chi2", "InverseGamma", "Beta", "ContinuousBernoulli"],
  LogNormal: ["Gamma", "Chi2", "InverseGamma", "Beta", "Pareto"],
  Gumbel: ["Gamma", "Chi2"],
  Beta: ["Uniform", "Uniform from 0"],
  ContinuousBernoulli: ["Beta", "Kumaraswamy", "Uniform", "Uniform from 0"],
  Uniform: ["Beta", "Kumaraswamy", "ContinuousBernoulli"],
}

export const gammaCrosses = (Object.keys(listed) as Array<keyof typeof to>).flatMap((name) =>
  listed[name].map((family) => ({ title: `${family} ‖ ${name}`, ...from[family], q: to[name] })),
)
