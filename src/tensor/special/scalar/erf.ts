/**
 * The error function and its kin, of one float64. Each states the error measured against 50-digit arithmetic
 * (test/goldens/special.py).
 *
 * - `erf`, `erfc`, `erfcx`: W. J. Cody, "Rational Chebyshev approximations for the error function",
 *   Mathematics of Computation 23 (1969), 631–637.
 * - `erfinv`: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
 *   Applied Statistics 37 (1988), 477–484, from Φ⁻¹((1 + x) / 2) = √2 · erfinv(x).
 */
import { poly } from "./polynomial.ts"

/** The error function `2/√π ∫₀ˣ exp(−t²) dt`, odd, in [−1, 1]; relative error below 5e-16. */
export const erf = (x: number): number => {
  const a = Math.abs(x)
  if (a <= 0.46875) return smallErf(x)
  // Beyond 6 the complement is under half an ulp of 1.
  return Math.sign(x) * (a > 6 ? 1 : 1 - upperErfc(a))
}

/**
 * The complement `1 − erf(x)`, in [0, 2]; relative error below 2e-15 wherever it is a normal number (x < 26.5).
 * The naive `1 − erf(x)` has no correct digit left from x = 6 on.
 */
export const erfc = (x: number): number => {
  if (Math.abs(x) <= 0.46875) return 1 - smallErf(x)
  return x > 0 ? upperErfc(x) : 2 - upperErfc(-x)
}

/**
 * The scaled complement `exp(x²) erfc(x)`, about 1/(x√π) at large x, where both factors leave the range; relative
 * error below 2e-15 for x ≥ −1, and by |x| times more below, where it grows like 2 exp(x²).
 */
export const erfcx = (x: number): number => {
  if (x > 0.46875) return upperErfcx(x)
  if (x >= -0.46875) return Math.exp(x * x) * (1 - smallErf(x))
  const square = x * x
  return 2 * Math.exp(square) - upperErfcx(-x)
}

/**
 * The inverse of `erf` on [−1, 1]; ±1 give ±∞, anything outside gives NaN. Relative error below 1e-15.
 * The distance 1 − |x| is formed exactly, so the tails are as good as the middle.
 */
export const erfinv = (x: number): number => {
  const q = 0.5 * x
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return Math.SQRT1_2 * q * (poly7(CENTER_P, r) / poly7(CENTER_Q, r))
  }
  const z = Math.SQRT1_2 * upperQuantile(0.5 * (1 - Math.abs(x)))
  return x < 0 ? -z : z
}

/** −Φ⁻¹(tail), the normal's quantile, for tail ≤ 0.075: ∞ at 0, NaN below. */
export const upperQuantile = (tail: number): number => {
  if (!(tail > 0)) return tail === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  const r = Math.sqrt(-Math.log(tail))
  return r <= 5 ? poly7(TAIL_P, r - 1.6) / poly7(TAIL_Q, r - 1.6) : poly7(FAR_P, r - 5) / poly7(FAR_Q, r - 5)
}

// |x| ≤ 0.46875
const smallErf = (x: number): number => (x * poly(SMALL_P, x * x)) / poly(SMALL_Q, x * x)

// x > 0.46875
const upperErfc = (x: number): number => {
  if (!(x < 27.3)) return Number.isNaN(x) ? x : 0
  // exp(−x²) from the rounded square alone would lose three digits at x = 26; 24 bits square exactly.
  const head = Math.fround(x)
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head)) * upperErfcx(x)
}

// x > 0.46875
const upperErfcx = (x: number): number => {
  if (x <= 4) return poly(MIDDLE_P, x) / poly(MIDDLE_Q, x)
  const y = 1 / (x * x)
  return (INV_SQRT_PI - (y * poly(LARGE_P, y)) / poly(LARGE_Q, y)) / x
}

// Eight terms written out: twice as fast, and `erfinv` makes every normal draw.
const poly7 = (c: ReadonlyArray<number>, x: number): number =>
  ((((((c[7]! * x + c[6]!) * x + c[5]!) * x + c[4]!) * x + c[3]!) * x + c[2]!) * x + c[1]!) * x + c[0]!

const INV_SQRT_PI = 0.5641895835477563

// biome-ignore format: a table
const SMALL_P = [
  3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315,
]
// biome-ignore format: a table
const SMALL_Q = [
  2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1,
]
// biome-ignore format: a table
const MIDDLE_P = [
  1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001,
  66.11919063714163, 8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
]
// biome-ignore format: a table
const MIDDLE_Q = [
  1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
  537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
]
// biome-ignore format: a table
const LARGE_P = [
  0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445,
  0.30532663496123236, 0.016315387137302097,
]
// biome-ignore format: a table
const LARGE_Q = [
  0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234673, 2.568520192289822,
  1,
]
// biome-ignore format: a table
const CENTER_P = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
]
// biome-ignore format: a table
const CENTER_Q = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
]
// biome-ignore format: a table
const TAIL_P = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
]
// biome-ignore format: a table
const TAIL_Q = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
]
// biome-ignore format: a table
const FAR_P = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
]
// biome-ignore format: a table
const FAR_Q = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
]
