/**
 * The derivatives of a chain's sum over all paths: the probabilities of each two neighbors, by smoothing, and the
 * covariances of their presence; in float64, a member of the batch at a time.
 */
import * as tf from "@tensorflow/tfjs-core"
import { run as call } from "./call.ts"
import { forward, logSum, settle, sizes } from "./chain.ts"
import type { LoopKernel } from "./loop.ts"

/** Room for one chain's smoothing: each step's shares, and two rows of states. */
class Smoother {
  readonly shares: ReadonlyArray<Float64Array>
  /** The probability of each pair, `[T, S, S]`. */
  readonly pairs: Float64Array
  /** Of each state at the step that was reached last. */
  now: Float64Array
  next: Float64Array

  constructor(steps: number, s: number) {
    this.shares = Array.from({ length: steps }, () => new Float64Array(s * s))
    this.pairs = new Float64Array(steps * s * s)
    this.now = new Float64Array(s)
    this.next = new Float64Array(s)
  }

  /**
   * The probabilities of a chain's pairs: backwards, that of the later state times the share that each earlier one has in
   * its forward sum.
   */
  run(table: Float32Array, first: number): void {
    const s = this.now.length
    this.shares.forEach((shares, t) => {
      forward(table, first + t * s * s, s, t === 0 ? undefined : this.now, this.next, { shares })
      this.turn()
    })
    settle(this.now)
    for (let t = this.shares.length - 1; t >= 0; t--) {
      const shares = this.shares[t]!
      this.next.fill(0)
      for (let i = 0; i < s; i++) {
        for (let j = 0; j < s; j++) {
          const pair = t === 0 && i > 0 ? 0 : shares[i * s + j]! * this.now[j]!
          this.pairs[(t * s + i) * s + j] = pair
          this.next[i]! += pair
        }
      }
      this.turn()
    }
  }

  turn(): void {
    const { now } = this
    this.now = this.next
    this.next = now
  }
}

/** `[...batch, T, S, S]`: the probability of each pair of states. */
const marginals: LoopKernel<object> = {
  name: "GuidepostChainMarginals",
  inputs: ["table"],
  outputs: ([table]) => [table!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [steps, s] = sizes(shapes[0]!)
    const [table, out] = [inputs[0]!, outputs[0]!]
    const smoother = new Smoother(steps, s)
    for (let first = 0; first < out.length; first += steps * s * s) {
      smoother.run(table, first)
      out.set(smoother.pairs, first)
    }
  },
}

/**
 * `[...batch, T, S, S]`: the covariance of V = Σ_t v_t[z_{t−1}, z_t] with each pair's presence, which is the second derivative
 * of the sum, applied to v. With F the mean of V's terms so far given a state, and B that of the terms to come, it is
 * p(pair) · (F_{t−1} + v_t + B_t − E V).
 */
const covariance: LoopKernel<object> = {
  name: "GuidepostChainCovariance",
  inputs: ["table", "v"],
  outputs: ([table]) => [table!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [steps, s] = sizes(shapes[0]!)
    const [table, v] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const smoother = new Smoother(steps, s)
    const { shares, pairs } = smoother
    const past = Array.from({ length: steps + 1 }, () => new Float64Array(s))
    let [coming, next] = [new Float64Array(s), new Float64Array(s)]
    for (let first = 0; first < out.length; first += pairs.length) {
      smoother.run(table, first)
      let mean = 0
      for (let cell = 0; cell < pairs.length; cell++) {
        if (pairs[cell]! > 0) mean += pairs[cell]! * v[first + cell]!
      }
      for (let t = 0; t < steps; t++) {
        past[t + 1]!.fill(0)
        for (let i = 0; i < (t === 0 ? 1 : s); i++) {
          for (let j = 0; j < s; j++) {
            const share = shares[t]![i * s + j]!
            if (share > 0) past[t + 1]![j]! += share * (past[t]![i]! + v[first + (t * s + i) * s + j]!)
          }
        }
      }
      coming.fill(0)
      for (let t = steps - 1; t >= 0; t--) {
        next.fill(0)
        for (let i = 0; i < s; i++) {
          let total = 0
          for (let j = 0; j < s; j++) {
            const cell = (t * s + i) * s + j
            const pair = pairs[cell]!
            // What cannot be has no part, whatever v is there.
            const ahead = pair === 0 ? 0 : v[first + cell]! + coming[j]!
            out[first + cell] = pair === 0 ? 0 : pair * (past[t]![i]! + ahead - mean)
            next[i]! += pair * ahead
            total += pair
          }
          if (total > 0) next[i]! /= total
        }
        ;[coming, next] = [next, coming]
      }
    }
  },
}

export const chainPairLoops = [marginals, covariance] as unknown as ReadonlyArray<LoopKernel<object>>

/** The derivative in a log-weight is its cell's probability, and the derivative of that is a covariance. */
export const chainGradients: ReadonlyArray<tf.GradConfig> = [
  {
    kernelName: logSum.name,
    inputsToSave: ["table"],
    gradFunc: (dy, [table]) => ({
      table: () =>
        tf.mul(
          tf.reshape(dy as tf.Tensor, [...(dy as tf.Tensor).shape, 1, 1, 1]),
          call(marginals.name, { table: table! }),
        ),
    }),
  },
  {
    kernelName: marginals.name,
    inputsToSave: ["table"],
    gradFunc: (dy, [table]) => ({
      table: () => call(covariance.name, { table: table!, v: dy as tf.Tensor }),
    }),
  },
]
