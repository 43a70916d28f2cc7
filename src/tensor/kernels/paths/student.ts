/**
 * The divergence of two Student's t distributions. With z a draw of the standard one of ν degrees of freedom, δ and r as
 * in `softAbsolute.ts`, and y = δ + r z,
 *
 *   KL(p ‖ q) = ½(νq + 1) E log(1 + y²/νq) + C(νq) − log r − H(νp),   C(ν) = log(√ν B(½, ν/2))
 *
 * where the expectation has no closed form. With z = √ν sinh u the density of u is cosh⁻ᵛ u but for a constant: it falls
 * off exponentially however heavy the tails. By the double exponential rule, in float64, on pieces: what the density and
 * log(1 + y²/νq) have of singularities lies above 0 and above the u at which y² begins to matter, or passes 0.
 */
import { lbeta } from "../../special/scalar/beta.ts"
import { tanhSinh } from "../../special/scalar/quadrature.ts"
import { digammaStep } from "../counts/saddle.ts"
import type { Formula } from "../gamma/formula.ts"
import { studentEntropy } from "../gamma/moments.ts"

/** What f sees of a draw: u, log cosh u, log(1 + y²/νq), 1/(y + νq/y), and r z times that. */
interface Draw {
  readonly u: number
  readonly logCosh: number
  readonly log: number
  readonly slope: number
  readonly product: number
}

type Params = readonly [df: number, loc: number, scale: number]

/** E f over draws of p, as q sees them. */
const expectation = (p: Params, q: Params, f: (draw: Draw) => number): number => {
  const draw = drawAt((p[1] - q[1]) / q[2], (p[2] / q[2]) * Math.sqrt(p[0]), q[0])
  let [total, mass] = [0, 0]
  const ends = breaks(p, q)
  for (let k = 1; k < ends.length; k++) {
    const [from, width] = [ends[k - 1]!, ends[k]! - ends[k - 1]!]
    for (let i = 0; i < tanhSinh.nodes.length; i++) {
      const one = draw(from + width * tanhSinh.nodes[i]!)
      const weight = width * tanhSinh.weights[i]! * Math.exp(-p[0] * one.logCosh)
      mass += weight
      total += weight * f(one)
    }
  }
  return total / mass
}

/** Between the ends beyond which the density is below e⁻⁴⁵ of the peak's: the peak, and above what it is singular. */
const breaks = (p: Params, q: Params): ReadonlyArray<number> => {
  const fall = 45 / p[0]
  const end = fall + Math.log1p(Math.sqrt(-Math.expm1(-2 * fall)))
  // y² = −νq where sinh u is ±x ± iv.
  const width = p[2] * Math.sqrt(p[0])
  const [x, v] = [Math.abs(p[1] - q[1]) / width, (q[2] * Math.sqrt(q[0])) / width]
  const above = v < 1 ? Math.asinh(x) : Math.acosh(0.5 * (Math.hypot(x, v + 1) + Math.hypot(x, v - 1)))
  return above > 0 && above < end ? [-end, -above, 0, above, end] : [-end, 0, end]
}

/** What is seen at u, where y = shift + spread · sinh u. */
const drawAt =
  (shift: number, spread: number, df: number) =>
  (u: number): Draw => {
    const logCosh = logCoshOf(u)
    if (Math.abs(u) > FAR) {
      // sinh u is about to leave float64, and the shift is nothing beside it.
      const log = 2 * (Math.abs(u) - Math.LN2 + Math.log(spread)) - Math.log(df)
      return { u, logCosh, log, slope: 0, product: 1 }
    }
    const step = spread * Math.sinh(u)
    const y = shift + step
    const size = Math.abs(y) / Math.sqrt(df)
    const log = size < 1e8 ? Math.log1p(size * size) : 2 * Math.log(size)
    const slope = y === 0 ? 0 : 1 / (y + df / y)
    return { u, logCosh, log, slope, product: step * slope }
  }

const FAR = 300

/** log cosh u, with the digits of a small one. */
const logCoshOf = (u: number): number =>
  Math.abs(u) < 1
    ? Math.log1p(2 * Math.sinh(0.5 * u) ** 2)
    : Math.abs(u) + Math.log1p(Math.exp(-2 * Math.abs(u))) - Math.LN2

const constant = (df: number): number => 0.5 * Math.log(df) + lbeta(0.5, 0.5 * df)

const value = (p: Params, q: Params): number => {
  const [df, other] = [p[0], q[0]]
  const log = 0.5 * (other + 1) * expectation(p, q, (draw) => draw.log)
  // One difference of what depends on p's degrees of freedom alone, and one of constants.
  const own = studentEntropyOf(df) - constant(df)
  return Math.max(0, log - own - (constant(df) - constant(other)) - Math.log(p[2] / q[2]))
}

const studentEntropyOf = (df: number): number => (studentEntropy.value as (df: number) => number)(df)

const alongLoc = (p: Params, q: Params): number =>
  ((q[0] + 1) * expectation(p, q, (draw) => draw.slope)) / q[2]

/** (νq + 1) E rz/(y + νq/y), the derivative of −E log q in log r. */
const alongRatio = (p: Params, q: Params): number => (q[0] + 1) * expectation(p, q, (draw) => draw.product)

/** The covariance of log p − log q with the score of p's degrees of freedom. */
const alongDf = (p: Params, q: Params): number => {
  const [df, other] = [p[0], q[0]]
  const score = ({ u, logCosh }: Draw) => 0.5 * (1 + 1 / df) * Math.tanh(u) ** 2 - logCosh
  const ratio = ({ logCosh, log }: Draw) => 0.5 * (other + 1) * log - (df + 1) * logCosh
  const [a, b] = [expectation(p, q, score), expectation(p, q, ratio)]
  return expectation(p, q, (draw) => (score(draw) - a) * (ratio(draw) - b))
}

const alongOtherDf = (p: Params, q: Params): number => {
  const df = q[0]
  const share = (log: number) => -Math.expm1(-log)
  const rest = expectation(p, q, ({ log }) => 0.5 * (log - (1 + 1 / df) * share(log)))
  return rest + 0.5 / df - 0.5 * digammaStep(0.5 * df, 0.5)
}

/** KL of two Student's t distributions. */
export const studentDivergence: Formula = {
  name: "GuidepostStudentTDivergence",
  inputs: ["dfP", "locP", "scaleP", "dfQ", "locQ", "scaleQ"],
  ...ofPair(value, [
    alongDf,
    alongLoc,
    (p, q) => (alongRatio(p, q) - 1) / p[2],
    alongOtherDf,
    (p, q) => -alongLoc(p, q),
    (p, q) => (1 - (p[1] - q[1]) * alongLoc(p, q) - alongRatio(p, q)) / q[2],
  ]),
}

/** Functions of both distributions as functions of six numbers. */
function ofPair(
  value: (p: Params, q: Params) => number,
  partials: ReadonlyArray<(p: Params, q: Params) => number>,
): Pick<Formula, "value" | "partials"> {
  const spread =
    (f: (p: Params, q: Params) => number): Formula["value"] =>
    (a, b, c, d, e, g) =>
      f([a, b, c], [d, e, g])
  return { value: spread(value), partials: partials.map(spread) }
}
