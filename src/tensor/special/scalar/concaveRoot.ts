/**
 * The quantiles of a distribution whose density is log-concave, of float64s: then so is its cumulative distribution F,
 * and Newton's method on log F(y) = log p climbs to the root from any start to its left, since a tangent lies above the
 * curve; from a start to its right it gets there in one step. (A. Prékopa, "On logarithmic concave measures and
 * functions", Acta Scientiarum Mathematicarum 34 (1973), 335–343.) That holds for log x of a gamma variable, and for
 * log x/(1 − x) of a beta variable, whatever their shapes.
 *
 * ```ts
 * concaveRoot(0.3, 0, -50, 50, (y) => 1 / (1 + Math.exp(-y)), (y) => 0.25 / Math.cosh(y / 2) ** 2)   // log 3/7
 * ```
 */

/**
 * The y between `low` and `high` with F(y) = p, by F and its slope; an end, where the root lies beyond it. Where a step
 * leaves what is known to hold the root, as from a start at which F underflows, the interval is halved.
 */
export const concaveRoot = (
  p: number,
  start: number,
  low: number,
  high: number,
  F: (y: number) => number,
  slope: (y: number) => number,
): number => {
  let [left, right] = [low, high]
  let [isLeftKnown, isRightKnown] = [false, false]
  let y = Math.min(Math.max(start, low), high)
  for (let i = 0; i < LONGEST; i++) {
    const value = F(y)
    const excess = Math.log(value / p)
    if (excess === 0 || (excess > 0 ? y === low : y === high)) return y
    if (excess > 0) {
      right = y
      isRightKnown = true
    } else {
      left = y
      isLeftKnown = true
    }
    const step = (excess * value) / slope(y)
    const next = y - step
    if (Math.abs(step) < CLOSE || right - left < CLOSE) return next
    if (next > left && next < right) y = next
    else if (!isLeftKnown) y = left
    else if (!isRightKnown) y = right
    else y = 0.5 * (left + right)
  }
  return y
}

/** The step after which the next one would be below float64's rounding. */
const CLOSE = 1e-8

/** Many times what it takes: nothing may hang. */
const LONGEST = 200
