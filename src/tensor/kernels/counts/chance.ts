/** The probability of one trial from the parameter that gives it, in float64. */
import type { Chance } from "./saddle.ts"

/**
 * What the parameter is: the probability itself; its logit log p/q; the odds against, q/p, which is the rate of a
 * gamma-Poisson; or the mean of the counts at concentration `a`, of which the odds are mean/a.
 */
export type ChanceBy = "probs" | "logits" | "rate" | "mean"

/** `p` and `q` of a parameter `x`, at concentration `a` where it is by the mean. */
export const chanceBy: Readonly<Record<ChanceBy, (x: number, a: number) => Chance>> = {
  probs: (p) => ({ p, q: 1 - p, logP: Math.log(p), logQ: Math.log1p(-p) }),
  logits: (l) => ofLogOdds(l),
  rate: (rate) => ofOdds(1 / rate, rate),
  mean: (mean, a) => ofOdds(mean / a, a / mean),
}

const ofLogOdds = (l: number): Chance => {
  const tail = Math.exp(-Math.abs(l))
  const small = tail / (1 + tail)
  const large = 1 / (1 + tail)
  const logLarge = -Math.log1p(tail)
  const logSmall = -Math.abs(l) + logLarge
  return l > 0
    ? { p: large, q: small, logP: logLarge, logQ: logSmall }
    : { p: small, q: large, logP: logSmall, logQ: logLarge }
}

/** From the odds and the odds against, one of which may be infinite. */
const ofOdds = (odds: number, against: number): Chance => ({
  p: 1 / (1 + against),
  q: 1 / (1 + odds),
  logP: -Math.log1p(against),
  logQ: -Math.log1p(odds),
})
