/** Divergences between families of one number that differ. */
import { AsymmetricLaplace } from "../../../src/distributions/AsymmetricLaplace.ts"
import { Beta } from "../../../src/distributions/Beta.ts"
import { Chi2 } from "../../../src/distributions/Chi2.ts"
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { Gumbel } from "../../../src/distributions/Gumbel.ts"
import { HalfNormal } from "../../../src/distributions/HalfNormal.ts"
import { Kumaraswamy } from "../../../src/distributions/Kumaraswamy.ts"
import { Laplace } from "../../../src/distributions/Laplace.ts"
import { Logistic } from "../../../src/distributions/Logistic.ts"
import { LogNormal } from "../../../src/distributions/LogNormal.ts"
import { LogUniform } from "../../../src/distributions/LogUniform.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { Pareto } from "../../../src/distributions/Pareto.ts"
import { SoftLaplace } from "../../../src/distributions/SoftLaplace.ts"
import { TruncatedNormal } from "../../../src/distributions/TruncatedNormal.ts"
import { Uniform } from "../../../src/distributions/Uniform.ts"
import { Weibull } from "../../../src/distributions/Weibull.ts"
import { type Grid, line, mapped } from "../grid.ts"

/** Each p with where to integrate over it. */
const from = {
  Normal: { p: Normal({ loc: 0.5, scale: 0.7 }), grid: line(-7, 8, 4000) },
  Laplace: { p: Laplace({ loc: -0.4, scale: 0.8 }), grid: line(-18.4, 17.6, 8001) },
  AsymmetricLaplace: {
    p: AsymmetricLaplace({ loc: 0.2, scale: 0.7, asymmetry: 1.4 }),
    grid: line(-24.8, 25.2, 8001),
  },
  SoftLaplace: { p: SoftLaplace({ loc: 1, scale: 0.6 }), grid: line(-14, 16, 4000) },
  Logistic: { p: Logistic({ loc: 1, scale: 0.4 }), grid: line(-11, 13, 4000) },
  Gumbel: { p: Gumbel({ loc: 0.3, scale: 0.9 }), grid: line(-4, 20, 4000) },
  LogNormal: { p: LogNormal({ loc: 0.2, scale: 0.5 }), grid: logarithmic(0.01, 50) },
  HalfNormal: { p: HalfNormal({ scale: 1.4 }), grid: line(0, 12, 4000) },
  TruncatedNormal: {
    p: TruncatedNormal({ loc: -0.5, scale: 1.2, low: 0.3, high: 3 }),
    grid: line(0.3, 3, 20_000),
  },
  Exponential: { p: Exponential({ rate: 0.8 }), grid: logarithmic(1e-9, 30) },
  Pareto: { p: Pareto({ scale: 0.5, alpha: 5 }), grid: logarithmic(0.5, 60) },
  Weibull: { p: Weibull({ scale: 1.2, concentration: 1.7 }), grid: logarithmic(1e-7, 12) },
  Gamma: { p: Gamma({ concentration: 2.5, rate: 1.8 }), grid: logarithmic(1e-5, 25) },
  Kumaraswamy: { p: Kumaraswamy({ concentration1: 2, concentration0: 3 }), grid: line(0, 1, 10_000) },
  LogUniform: { p: LogUniform({ low: 0.2, high: 4 }), grid: logarithmic(0.2, 4) },
  Uniform: { p: Uniform({ low: 0.25, high: 2.5 }), grid: line(0.25, 2.5, 4000) },
} satisfies Record<string, { readonly p: Distribution; readonly grid: Grid }>

function logarithmic(low: number, high: number): Grid {
  return mapped(Math.log(low), Math.log(high), 4000, Math.exp, Math.exp)
}

const to = {
  Normal: Normal({ loc: -0.3, scale: 1.3 }),
  Laplace: Laplace({ loc: 0.1, scale: 1.5 }),
  Gumbel: Gumbel({ loc: 0.3, scale: 1.1 }),
  HalfNormal: HalfNormal({ scale: 1.9 }),
  TruncatedNormal: TruncatedNormal({ loc: 0.4, scale: 1.7, low: -0.2 }),
  Exponential: Exponential({ rate: 0.6 }),
  LogNormal: LogNormal({ loc: -0.2, scale: 1.2 }),
  Pareto: Pareto({ scale: 0.2, alpha: 1.3 }),
  Weibull: Weibull({ scale: 1.6, concentration: 1.3 }),
  Gamma: Gamma({ concentration: 1.5, rate: 1.1 }),
  Chi2: Chi2({ df: 2.6 }),
  Beta: Beta({ concentration1: 1.7, concentration0: 2.4 }),
}

const listed: Readonly<Record<keyof typeof to, ReadonlyArray<keyof typeof from>>> = {
  Normal: [
    "Laplace",
    "AsymmetricLaplace",
    "SoftLaplace",
    "Logistic",
    "Gumbel",
    "LogNormal",
    "HalfNormal",
    "TruncatedNormal",
    "Exponential",
    "Pareto",
    "Weibull",
    "Kumaraswamy",
    "LogUniform",
    "Uniform",
  ],
  TruncatedNormal: ["HalfNormal"],
  Laplace: ["Normal"],
  Gumbel: ["Normal", "Exponential", "Uniform"],
  HalfNormal: [
    "LogNormal",
    "TruncatedNormal",
    "Exponential",
    "Pareto",
    "Weibull",
    "Kumaraswamy",
    "LogUniform",
    "Uniform",
  ],
  Exponential: ["LogNormal", "HalfNormal", "Pareto", "Weibull", "Kumaraswamy", "LogUniform", "Uniform"],
  LogNormal: ["Exponential", "LogUniform", "Weibull"],
  Weibull: ["LogNormal", "Exponential", "Gamma", "LogUniform"],
  Gamma: ["Weibull"],
  Chi2: ["Weibull"],
  Beta: ["Kumaraswamy"],
  Pareto: ["Uniform"],
}

export const realLineCrosses = (Object.keys(listed) as Array<keyof typeof to>).flatMap((name) =>
  listed[name].map((family) => ({ title: `${family} ‖ ${name}`, ...from[family], q: to[name] })),
)
