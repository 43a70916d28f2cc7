/**
 * The kernels behind `tensor/chain`: the recursions of a Markov chain of S states through tables `[...batch, T, S, S]`, a
 * member of the batch at a time, all in float64. In the first table of each chain the first row alone is read.
 */
import { type KeyAttrs, streamOf } from "./counts/stream.ts"
import type { LoopKernel } from "./loop.ts"

/** T and S. */
export const sizes = (shape: ReadonlyArray<number>): readonly [steps: number, states: number] => [
  shape.at(-3)!,
  shape.at(-1)!,
]

/**
 * One step of the forward recursion, by logarithms: `into_j = log Σ_i exp(before_i + table_ij)`, or the largest term
 * alone. `shares` takes each term's share of the sum, `from` the index of the largest; of several the first.
 */
export const forward = (
  table: Float32Array,
  start: number,
  s: number,
  before: Float64Array | undefined,
  into: Float64Array,
  { shares, from }: { readonly shares?: Float64Array; readonly from?: Int32Array } = {},
): void => {
  const rows = before === undefined ? 1 : s
  for (let j = 0; j < s; j++) {
    let top = Number.NEGATIVE_INFINITY
    let best = 0
    let isNumber = true
    for (let i = 0, p = start + j; i < rows; i++, p += s) {
      const term = (before === undefined ? 0 : before[i]!) + table[p]!
      if (term > top) {
        top = term
        best = i
      } else if (Number.isNaN(term)) isNumber = false
    }
    if (from !== undefined) {
      from[j] = best
      into[j] = isNumber ? top : Number.NaN
      continue
    }
    let sum = 0
    for (let i = 0, p = start + j; i < rows; i++, p += s) {
      const term = (before === undefined ? 0 : before[i]!) + table[p]!
      const share = top === Number.NEGATIVE_INFINITY && isNumber ? 0 : Math.exp(term - top)
      if (shares !== undefined) shares[i * s + j] = share
      sum += share
    }
    into[j] = sum === 0 ? Number.NEGATIVE_INFINITY : top + Math.log(sum)
    if (shares === undefined || sum === 0) continue
    for (let i = 0; i < rows; i++) shares[i * s + j]! /= sum
  }
}

/** log Σ exp, and each term's share of it in place of the terms. */
export const settle = (terms: Float64Array): number => {
  let top = Number.NEGATIVE_INFINITY
  for (const term of terms) if (term > top || Number.isNaN(term)) top = term
  if (top === Number.NEGATIVE_INFINITY) {
    terms.fill(0)
    return top
  }
  let sum = 0
  for (let i = 0; i < terms.length; i++) {
    terms[i] = Math.exp(terms[i]! - top)
    sum += terms[i]!
  }
  for (let i = 0; i < terms.length; i++) terms[i]! /= sum
  return top + Math.log(sum)
}

/** `[...batch]`: the sum over all paths. */
export const logSum: LoopKernel<object> = {
  name: "GuidepostChainLogSum",
  inputs: ["table"],
  outputs: ([table]) => [table!.shape.slice(0, -3)],
  run: ({ inputs, outputs, shapes }) => {
    const [steps, s] = sizes(shapes[0]!)
    const [table, out] = [inputs[0]!, outputs[0]!]
    let [now, next] = [new Float64Array(s), new Float64Array(s)]
    for (let b = 0, start = 0; b < out.length; b++) {
      for (let t = 0; t < steps; t++, start += s * s) {
        forward(table, start, s, t === 0 ? undefined : now, next)
        ;[now, next] = [next, now]
      }
      out[b] = settle(now)
    }
  },
}

/** `[...batch, T, S]`: log-probabilities of the states given the tables so far. */
const filtered: LoopKernel<object> = {
  name: "GuidepostChainFiltered",
  inputs: ["table"],
  outputs: ([table]) => [table!.shape.slice(0, -1)],
  run: ({ inputs, outputs, shapes }) => {
    const [steps, s] = sizes(shapes[0]!)
    const [table, out] = [inputs[0]!, outputs[0]!]
    let [now, next] = [new Float64Array(s), new Float64Array(s)]
    for (let start = 0, at = 0; at < out.length; start += s * s, at += s) {
      forward(table, start, s, (at / s) % steps === 0 ? undefined : now, next)
      ;[now, next] = [next, now]
      const total = settle(Float64Array.from(now))
      for (let j = 0; j < s; j++) out[at + j] = now[j]! - total
    }
  },
}

/** `[...batch, T]` states of the likeliest path, and its `[...batch]` log-weight. Of several paths, the least last state. */
const best: LoopKernel<object> = {
  name: "GuidepostChainBest",
  inputs: ["table"],
  outputs: ([table]) => [table!.shape.slice(0, -2), table!.shape.slice(0, -3)],
  run: ({ inputs, outputs, shapes }) => {
    const [steps, s] = sizes(shapes[0]!)
    const table = inputs[0]!
    const [path, weight] = outputs as [Float32Array, Float32Array]
    const from = Array.from({ length: steps }, () => new Int32Array(s))
    let [now, next] = [new Float64Array(s), new Float64Array(s)]
    for (let b = 0, start = 0; b < weight.length; b++) {
      for (let t = 0; t < steps; t++, start += s * s) {
        forward(table, start, s, t === 0 ? undefined : now, next, { from: from[t]! })
        ;[now, next] = [next, now]
      }
      let state = 0
      for (let j = 1; j < s; j++) if (now[j]! > now[state]!) state = j
      weight[b] = now.some(Number.isNaN) ? Number.NaN : now[state]!
      for (let t = steps - 1; t >= 0; t--) {
        path[b * steps + t] = Number.isNaN(weight[b]!) ? Number.NaN : state
        state = from[t]![state]!
      }
    }
  },
}

/** `[...batch, T]`: a path by its probability, backwards: the last state by the forward sums, each earlier one by its share. */
const chainDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostChainDraw",
  inputs: ["table"],
  outputs: ([table]) => [table!.shape.slice(0, -2)],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const [steps, s] = sizes(shapes[0]!)
    const [table, path] = [inputs[0]!, outputs[0]!]
    const random = streamOf(attrs)
    const shares = Array.from({ length: steps }, () => new Float64Array(s * s))
    let [now, next] = [new Float64Array(s), new Float64Array(s)]
    for (let first = 0; first < path.length; first += steps) {
      for (let t = 0; t < steps; t++) {
        forward(table, (first + t) * s * s, s, t === 0 ? undefined : now, next, { shares: shares[t]! })
        ;[now, next] = [next, now]
      }
      const isPossible = settle(now) > Number.NEGATIVE_INFINITY
      let state = 0
      for (let t = steps - 1; t >= 0; t--) {
        random.moveTo(first + t)
        const u = random.uniform()
        const after = state
        const share = (i: number): number => (t === steps - 1 ? now[i]! : shares[t + 1]![i * s + after]!)
        state = chosen(u, s, share)
        path[first + t] = isPossible ? state : Number.NaN
      }
    }
  },
}

/** The first index at which the running sum of shares exceeds a uniform number: the last with any share, if rounding left none. */
const chosen = (u: number, count: number, share: (i: number) => number): number => {
  let [rest, last] = [u, 0]
  for (let i = 0; i < count; i++) {
    if (!(share(i) > 0)) continue
    last = i
    rest -= share(i)
    if (rest < 0) break
  }
  return last
}

export const chainLoops = [logSum, filtered, best, chainDraw] as unknown as ReadonlyArray<LoopKernel<object>>
