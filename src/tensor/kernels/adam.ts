/**
 * Adam's moments and update for one tensor in one pass (Kingma and Ba, "Adam: a method for stochastic
 * optimization", ICLR 2015, algorithm 1):
 *
 *   m′ = b₁m + (1 − b₁)g,  v′ = b₂v + (1 − b₂)g²,  update = scale · (m′/c₁) / (√(v′/c₂) + ε)
 *
 * with cᵢ = 1 − bᵢᵗ. As tensor operations this is twelve passes and nine temporaries the size of the parameters.
 */
import type { LoopKernel } from "./loop.ts"

export interface AdamAttrs {
  readonly b1: number
  readonly b2: number
  readonly eps: number
  readonly correction1: number
  readonly correction2: number
  readonly scale: number
}

/** Inputs g, m, v; outputs update, m′, v′, all of one shape. */
export const adam: LoopKernel<AdamAttrs> = {
  name: "GuidepostAdam",
  inputs: ["g", "m", "v"],
  outputs: ([g]) => [g!.shape, g!.shape, g!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [g, m, v] = inputs as [Float32Array, Float32Array, Float32Array]
    const [update, newM, newV] = outputs as [Float32Array, Float32Array, Float32Array]
    const { b1, b2, eps } = attrs
    const a1 = 1 - b1
    const a2 = 1 - b2
    const step = attrs.scale / attrs.correction1
    // √(v′/c₂) = √v′ · root: a multiplication instead of a division an element.
    const root = 1 / Math.sqrt(attrs.correction2)
    const n = g.length
    for (let i = 0; i < n; i++) {
      const gi = g[i]!
      const mi = b1 * m[i]! + a1 * gi
      const vi = b2 * v[i]! + a2 * gi * gi
      newM[i] = mi
      newV[i] = vi
      update[i] = (step * mi) / (Math.sqrt(vi) * root + eps)
    }
  },
}
