/**
 * Families that can list their values only where a parameter is a single number on the host, such as the number of
 * trials: the method is then on the object, and on its type; else on neither.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution, HasEnumerate } from "./Distribution.ts"

/**
 * `d` with `enumerate`, of shape `[K, 1 for each batch dimension, ...event]`, where `values` is given: it makes the
 * values, `[K, ...event]`. `d` itself is changed. With no `values`, `d` as it is; the caller's type must say so.
 */
export const withEnumerate = <D extends Distribution>(
  d: D,
  values: (() => tf.Tensor) | undefined,
): D & HasEnumerate => {
  if (values === undefined) return d as D & HasEnumerate
  // A method, since `expand` copies it to a distribution with another batch shape.
  function enumerate(this: Distribution): tf.Tensor {
    if (this.problem !== undefined) throw this.problem
    return tf.tidy(() => {
      const all = values!()
      const [k, ...event] = all.shape as [number, ...Array<number>]
      return tf.reshape(all, [k, ...this.batchShape.map(() => 1), ...event])
    })
  }
  return Object.assign(d, { enumerate })
}

/** The vectors of `k` counts that sum to `n`, in lexical order from the last: C(n + k − 1, k − 1) of them. */
export const compositions = (n: number, k: number): ReadonlyArray<ReadonlyArray<number>> =>
  k <= 1
    ? [[n]]
    : Array.from({ length: n + 1 }, (_, i) => n - i).flatMap((first) =>
        compositions(n - first, k - 1).map((rest) => [first, ...rest]),
      )
