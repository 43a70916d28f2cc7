/**
 * E log(1 − x) for x a Kumaraswamy(a, b) draw, of t = 1/a and b, which has no closed form: with v uniform and
 * w = v^(1/b), x is (1 − w)ᵗ, and the mean is ∫₀¹ log(1 − (1 − w)ᵗ) dv. Its derivatives are integrals likewise.
 *
 * By Takahasi and Mori's double exponential rule ("Double exponential formulas for numerical integration", Publications
 * of RIMS 9, 1974, 721–741): v = σ(π sinh u), for which the powers and logarithms at both ends do no harm.
 */

/** The mean itself. */
export const logComplement = (t: number, b: number): number =>
  integral(b, ({ logW, rest }) => (logW < TINY ? Math.log(t) + logW : Math.log(-Math.expm1(t * rest))))

/** Its derivative in t. */
export const logComplementT = (t: number, b: number): number =>
  integral(b, ({ logW, rest }) => (logW < TINY ? 1 / t : -rest / Math.expm1(-t * rest)))

/** Its derivative in b: ∂ log(1 − x)/∂w · ∂w/∂b, where ∂w/∂b = −w log v / b². */
export const logComplementB = (t: number, b: number): number =>
  integral(b, ({ logV, logW, rest }) => {
    const slope = logW < TINY ? 1 : (t * Math.exp(logW - rest)) / Math.expm1(-t * rest)
    return (-slope * logV) / (b * b)
  })

/** Below this log w, 1 − (1 − w)ᵗ is tw to rounding. */
const TINY = -40

interface Node {
  readonly logV: number
  /** log w, and log(1 − w). */
  readonly logW: number
  readonly rest: number
}

const integral = (b: number, f: (node: Node) => number): number => {
  let sum = 0
  for (let i = 0; i < LOG_V.length; i++) {
    const logW = LOG_V[i]! / b
    sum += WEIGHTS[i]! * f({ logV: LOG_V[i]!, logW, rest: logOfRest(logW) })
  }
  return sum
}

const logOfRest = (logW: number): number =>
  logW < -1 ? Math.log1p(-Math.exp(logW)) : Math.log(-Math.expm1(logW))

const STEP = 1 / 16
const LOG_V: Array<number> = []
const WEIGHTS: Array<number> = []
for (let u = -3.5; u <= 3.5; u += STEP) {
  const s = Math.PI * Math.sinh(u)
  // σ(s) and its derivative, from the smaller side.
  const e = Math.exp(-Math.abs(s))
  LOG_V.push(s < 0 ? s - Math.log1p(e) : -Math.log1p(e))
  WEIGHTS.push((STEP * Math.PI * Math.cosh(u) * e) / (1 + e) ** 2)
}
