/**
 * The equation behind the inverse of a planar flow, of one float64: a + (s − 1) tanh a = z, for s > 0. The left side
 * rises in a, with slope tanh² a + s sech² a.
 */

/** a, by Newton's method kept between bounds; odd in z. NaN where s is not above 0. */
export const planarRoot = (z: number, s: number): number => {
  if (!(s > 0)) return Number.NaN
  if (!Number.isFinite(z)) return z
  const target = Math.abs(z)
  // tanh lies between 0 and 1.
  let [low, high] = s > 1 ? [Math.max(target - (s - 1), 0), target] : [target, target + (1 - s)]
  let a = s > 1 ? Math.max(target / s, low) : high
  for (let i = 0; i < 100; i++) {
    const excess = lessTanh(a) + s * Math.tanh(a) - target
    if (excess > 0) high = a
    else low = a
    const next = a - excess / slope(a, s)
    const inside = next >= low && next <= high ? next : (low + high) / 2
    if (Math.abs(inside - a) <= 1e-13 * inside) return z < 0 ? -inside : inside
    a = inside
  }
  return z < 0 ? -a : a
}

/** ∂a/∂z = 1 / (tanh² a + s sech² a). */
export const planarRootSlope = (z: number, s: number): number => 1 / slope(planarRoot(z, s), s)

/** ∂a/∂s = −tanh a / (tanh² a + s sech² a). */
export const planarRootShare = (z: number, s: number): number => {
  const a = planarRoot(z, s)
  return -Math.tanh(a) / slope(a, s)
}

const slope = (a: number, s: number): number => {
  const sech = 1 / Math.cosh(a)
  return Math.tanh(a) ** 2 + s * sech * sech
}

/** a − tanh a for a ≥ 0; by its series where the difference has lost a third of its digits. */
const lessTanh = (a: number): number => {
  if (a > 0.01) return a - Math.tanh(a)
  const square = a * a
  return a * square * (1 / 3 - square * (2 / 15 - square * (17 / 315)))
}
