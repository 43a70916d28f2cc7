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
    // Two elements share a division: a/d and b/e are a·e/(d·e) and b·d/(d·e). Division and square root are most
    // of the loop's time. (So a NaN spoils its neighbor too; the step is lost either way.)
    for (let i = 0; i + 1 < n; i += 2) {
      const g0 = g[i]!
      const g1 = g[i + 1]!
      const m0 = b1 * m[i]! + a1 * g0
      const m1 = b1 * m[i + 1]! + a1 * g1
      const v0 = b2 * v[i]! + a2 * g0 * g0
      const v1 = b2 * v[i + 1]! + a2 * g1 * g1
      newM[i] = m0
      newM[i + 1] = m1
      newV[i] = v0
      newV[i + 1] = v1
      const d0 = Math.sqrt(v0) * root + eps
      const d1 = Math.sqrt(v1) * root + eps
      const q = step / (d0 * d1)
      update[i] = q * d1 * m0
      update[i + 1] = q * d0 * m1
    }
    if (n % 2 === 1) {
      const i = n - 1
      const mi = b1 * m[i]! + a1 * g[i]!
      const vi = b2 * v[i]! + a2 * g[i]! * g[i]!
      newM[i] = mi
      newV[i] = vi
      update[i] = (step * mi) / (Math.sqrt(vi) * root + eps)
    }
  },
}
