/**
 * Splittable random keys. A key names a stream of random numbers; nothing is consumed, so the same key always
 * gives the same numbers, on every backend. New keys come from `split`, `foldIn` and `foldInName`.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011), used as JAX uses it by default (`jax_threefry_partitionable`): word i of a draw is
 * the exclusive or of the two outputs for the counter i. `key`, `split`, `foldIn`, `bits` and `uniform` agree
 * with `jax.random` bit for bit, `normal` and `gumbel` to rounding. A key is for one draw: do not both draw
 * from a key and split it. A size that is not a whole number from 0 to 2³² throws `InvalidArgument`.
 *
 * ```ts
 * const [a, b] = Key.split(Key.key(0))
 * const x = Key.normal(a, [2, 3])
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "./errors.ts"
import * as Shape from "./Shape.ts"
import { erfinv } from "./special/scalar/erf.ts"

/** Two unsigned 32-bit integers, on the host. */
export interface Key {
  readonly hi: number
  readonly lo: number
}

/**
 * The key of a seed. A whole number counts modulo 2³², as in JAX without 64-bit types: −1 and 2³² − 1 are the
 * same seed. A total function: a seed that is not a whole number below 2⁶³ in size (a fraction, NaN, an
 * infinity) is not refused; the 64 bits of its floating-point pattern are folded into the key instead.
 */
export const key = (seed: number): Key =>
  isWord(seed) ? { hi: 0, lo: seed >>> 0 } : foldPattern({ hi: 0, lo: 0 }, seed)

/** `n` keys (default 2), independent of one another. */
export const split = (key: Key, n = 2): ReadonlyArray<Key> =>
  Array.from({ length: lengthOf("Key.split", n) }, (_, i) => threefry2x32(key, 0, i))

/**
 * The key's `data`-th descendant; `foldIn(key, i)` is `split(key, n)[i]`. Whole numbers count modulo 2³²;
 * others are folded by their floating-point pattern, as in `key`.
 */
export const foldIn = (key: Key, data: number): Key =>
  isWord(data) ? threefry2x32(key, 0, data >>> 0) : foldPattern(key, data)

/**
 * The key's descendant of this name: the length of the name in UTF-8, then its bytes, four at a time (the first
 * is the lowest), go in by `foldIn`. No hash to 32 bits stands between, so two names of a program have the same
 * key only if Threefry itself collides (2⁻⁶⁴). With the length first no name is the beginning of another.
 */
export const foldInName = (key: Key, name: string): Key => {
  const bytes = encoder.encode(name)
  let { hi, lo } = threefry2x32(key, 0, bytes.length)
  for (let i = 0; i < bytes.length; i += 4) {
    // Bytes past the end read as undefined, which is 0 to "<<".
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    block(hi, lo, 0, word)
    hi = out[0]!
    lo = out[1]!
  }
  return { hi, lo }
}

/** Uniform 32-bit words, `size(shape)` of them in row-major order. */
export const bits = (key: Key, shape: Shape.Shape): Uint32Array => wordsOf(key, sizeOf("Key.bits", shape))

/** As `uniform`, on the host. */
export const uniformValues = (key: Key, shape: Shape.Shape, min = 0, max = 1): Float32Array => {
  if (!(min <= max && max - min < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgument({
      where: "Key.uniform",
      expected: "finite bounds, min at most max",
      found: `${min} and ${max}`,
    })
  }
  const values = new Float32Array(sizeOf("Key.uniform", shape))
  const low = Math.fround(min)
  const range = Math.fround(Math.fround(max) - low)
  for (let i = 0; i < values.length; i++) values[i] = unit(word(key, i), low, range)
  return values
}

/**
 * Uniform on [min, max), float32 of this shape; 23 random bits each. Where max − min is far smaller than max,
 * rounding can reach max itself, as in JAX.
 */
export const uniform = (key: Key, shape: Shape.Shape, min = 0, max = 1): tf.Tensor =>
  tf.tensor(uniformValues(key, shape, min, max), [...shape], "float32")

/** As `normal`, on the host. */
export const normalValues = (key: Key, shape: Shape.Shape): Float32Array => {
  const values = new Float32Array(sizeOf("Key.normal", shape))
  // Two loops: as one, the quantile and the cipher together are too long for V8 to keep in registers.
  const words = wordsOf(key, values.length)
  for (let i = 0; i < values.length; i++) {
    // 1 − ABOVE_MINUS_ONE rounds to 2 in float32, which is the range that JAX takes.
    values[i] = Math.SQRT2 * erfinv(unit(words[i]!, ABOVE_MINUS_ONE, 2))
  }
  return values
}

/**
 * Standard normal, float32 of this shape: √2 · erfinv(u) for u uniform on (−1, 1), evaluated in float64 and
 * rounded once. JAX evaluates in float32 and differs by a few units in the last place.
 */
export const normal = (key: Key, shape: Shape.Shape): tf.Tensor =>
  tf.tensor(normalValues(key, shape), [...shape], "float32")

/** Standard Gumbel, float32 of this shape: −log(−log u) for u uniform on [2⁻¹²⁶, 1). */
export const gumbel = (key: Key, shape: Shape.Shape): tf.Tensor => {
  const values = new Float32Array(sizeOf("Key.gumbel", shape))
  for (let i = 0; i < values.length; i++) values[i] = -Math.log(-Math.log(unit(word(key, i), TINY, 1)))
  return tf.tensor(values, [...shape], "float32")
}

/**
 * A permutation of 0 … n − 1, each of the n! equally likely (Fisher–Yates; words beyond the last whole multiple
 * of the bound are redrawn, where a plain remainder would favor small numbers). Not JAX's order.
 */
export const permutation = (key: Key, n: number): Int32Array => {
  const order = new Int32Array(lengthOf("Key.permutation", n))
  for (let i = 1; i < n; i++) order[i] = i
  let counter = 0
  for (let i = n - 1; i > 0; i--) {
    const bound = i + 1
    const limit = 4294967296 - (4294967296 % bound)
    let draw = word(key, counter++)
    while (draw >= limit) draw = word(key, counter++)
    const j = draw % bound
    const moved = order[i]!
    order[i] = order[j]!
    order[j] = moved
  }
  return order
}

/** The block function: the counter (x0, x1) enciphered under the key in 20 rounds. */
export const threefry2x32 = (key: Key, x0: number, x1: number): Key => {
  block(key.hi, key.lo, x0, x1)
  return { hi: out[0]!, lo: out[1]! }
}

const encoder = new TextEncoder()

/** The float32 after −1 towards 0, and the smallest normal float32. */
const ABOVE_MINUS_ONE = -1 + 2 ** -24
const TINY = 2 ** -126

const isWord = (x: number): boolean => Number.isInteger(x) && Math.abs(x) < 2 ** 63

const foldPattern = (key: Key, x: number): Key => {
  const pattern = new Uint32Array(new Float64Array([x]).buffer)
  return foldIn(foldIn(key, pattern[1]!), pattern[0]!)
}

const unit = (word: number, low: number, range: number): number =>
  // The product is exact in float64, so this rounds but once: the fused multiply-add that JAX compiles to.
  Math.max(low, Math.fround((word >>> 9) * 2 ** -23 * range + low))

const word = (key: Key, counter: number): number => {
  block(key.hi, key.lo, 0, counter)
  return (out[0]! ^ out[1]!) >>> 0
}

const wordsOf = (key: Key, n: number): Uint32Array => {
  const words = new Uint32Array(n)
  for (let i = 0; i < n; i++) words[i] = word(key, i)
  return words
}

const sizeOf = (where: string, shape: Shape.Shape): number => {
  const size = Shape.size(shape)
  if (shape.every(isCount) && isCount(size)) return size
  throw notCounts(where, Shape.format(shape))
}

const lengthOf = (where: string, n: number): number => {
  if (isCount(n)) return n
  throw notCounts(where, String(n))
}

/** At most 2³² words come from one key: the counter's high half stays 0. */
const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 2 ** 32

const notCounts = (where: string, found: string) =>
  new InvalidArgument({ where, expected: "whole numbers from 0 to 2³²", found })

// The result of `block` goes here: an object a block would cost more than the block.
const out = new Uint32Array(2)

const block = (k0: number, k1: number, x0: number, x1: number): void => {
  let now = k1
  let next = k0 ^ k1 ^ 0x1bd11bda
  let later = k0
  let a = (x0 + k0) | 0
  let b = (x1 + k1) | 0
  for (let group = 1; group <= 5; group++) {
    if (group & 1) {
      a = (a + b) | 0
      b = ((b << 13) | (b >>> 19)) ^ a
      a = (a + b) | 0
      b = ((b << 15) | (b >>> 17)) ^ a
      a = (a + b) | 0
      b = ((b << 26) | (b >>> 6)) ^ a
      a = (a + b) | 0
      b = ((b << 6) | (b >>> 26)) ^ a
    } else {
      a = (a + b) | 0
      b = ((b << 17) | (b >>> 15)) ^ a
      a = (a + b) | 0
      b = ((b << 29) | (b >>> 3)) ^ a
      a = (a + b) | 0
      b = ((b << 16) | (b >>> 16)) ^ a
      a = (a + b) | 0
      b = ((b << 24) | (b >>> 8)) ^ a
    }
    a = (a + now) | 0
    b = (b + next + group) | 0
    const used = now
    now = next
    next = later
    later = used
  }
  out[0] = a
  out[1] = b
}
