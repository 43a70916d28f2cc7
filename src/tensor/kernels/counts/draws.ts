/**
 * Kernels that draw counts, each from parameter tensors of the draw's own shape and the words of a key. They read
 * nothing back: a draw inside a step is one more operation. None has a gradient.
 */
import { elementwiseLoop } from "../elementwise.ts"
import type { LoopKernel } from "../loop.ts"
import { chanceBy } from "./chance.ts"
import type { ChanceAttrs } from "./masses.ts"
import { drawBinomial, drawGeometric, drawLogGamma, drawPoisson } from "./samplers.ts"
import { type KeyAttrs, type Stream, streamOf } from "./stream.ts"
import type { WeightAttrs } from "./vectors.ts"

const drawing = <Attrs extends object>(
  name: string,
  inputs: ReadonlyArray<string>,
  make: (attrs: Attrs) => (random: Stream, a: number, b: number) => number,
): LoopKernel<Attrs & KeyAttrs> =>
  elementwiseLoop(name, inputs, (attrs: Attrs & KeyAttrs) => {
    const random = streamOf(attrs)
    const draw = make(attrs)
    let i = 0
    return (a, b) => {
      random.moveTo(i++)
      return draw(random, a, b)
    }
  })

/** Inputs low and high: an integer from one to the other. */
export const integerDraw = drawing<object>(
  "GuidepostIntegerDraw",
  ["low", "high"],
  () => (random, low, high) => low + Math.floor(random.uniform() * (high - low + 1)),
)

/** Input the rate. */
export const poissonDraw = drawing<object>("GuidepostPoissonDraw", ["rate"], () => drawPoisson)

/** Input the chance of success. */
export const geometricDraw = drawing<ChanceAttrs>(
  "GuidepostGeometricDraw",
  ["chance"],
  ({ by }) =>
    (random, chance) =>
      drawGeometric(random, chanceBy[by](chance, 1)),
)

/** Inputs the number of trials and the chance of each. */
export const binomialDraw = drawing<ChanceAttrs>(
  "GuidepostBinomialDraw",
  ["n", "chance"],
  ({ by }) =>
    (random, n, chance) =>
      drawBinomial(random, n, chanceBy[by](chance, 1)),
)

/** Inputs the concentration and the chance: a Poisson draw whose rate is drawn from a gamma. */
export const negativeBinomialDraw = drawing<ChanceAttrs>(
  "GuidepostNegativeBinomialDraw",
  ["c", "chance"],
  ({ by }) =>
    (random, c, chance) => {
      const { logP, logQ } = chanceBy[by](chance, c)
      return drawPoisson(random, Math.exp(drawLogGamma(random, c) + logP - logQ))
    },
)

/** Inputs weights `[..., K]` and numbers of trials `[...]`; attribute whether the weights are logits. */
export const multinomialDraw: LoopKernel<WeightAttrs & KeyAttrs> = vectors(
  "GuidepostMultinomialDraw",
  (w, start, k, { logits }, share) => {
    let most = Number.NEGATIVE_INFINITY
    for (let i = 0; i < k; i++) most = Math.max(most, w[start + i]!)
    for (let i = 0; i < k; i++) share[i] = logits ? Math.exp(w[start + i]! - most) : w[start + i]!
  },
)

/** Inputs concentrations `[..., K]` and numbers of trials `[...]`: multinomial of weights drawn from a Dirichlet. */
export const dirichletMultinomialDraw: LoopKernel<KeyAttrs> = vectors(
  "GuidepostDirichletMultinomialDraw",
  (a, start, k, _, share, random) => {
    let most = Number.NEGATIVE_INFINITY
    for (let i = 0; i < k; i++) {
      share[i] = drawLogGamma(random, a[start + i]!)
      most = Math.max(most, share[i]!)
    }
    for (let i = 0; i < k; i++) share[i] = Math.exp(share[i]! - most)
  },
)

/** A vector of counts as binomials one after another: of what is left, the share of a class among those left. */
function vectors<Attrs extends object>(
  name: string,
  weigh: (
    w: Float32Array,
    start: number,
    k: number,
    attrs: Attrs,
    share: Float64Array,
    random: Stream,
  ) => void,
): LoopKernel<Attrs & KeyAttrs> {
  return {
    name,
    inputs: ["w", "n"],
    outputs: ([w]) => [w!.shape],
    run: ({ inputs, outputs, shapes, attrs }) => {
      const [w, n] = inputs as [Float32Array, Float32Array]
      const out = outputs[0]!
      const k = shapes[0]!.at(-1)!
      const random = streamOf(attrs)
      const share = new Float64Array(k)
      const after = new Float64Array(k)
      for (let row = 0; row < n.length; row++) {
        random.moveTo(row)
        weigh(w, row * k, k, attrs, share, random)
        // Summed from the far end: one less the classes before has no digit left when little is.
        let rest = 0
        for (let i = k - 1; i >= 0; i--) {
          after[i] = rest
          rest += share[i]!
        }
        let left = n[row]!
        for (let i = 0; i < k; i++) {
          const count = left === 0 ? 0 : drawBinomial(random, left, ofShares(share[i]!, after[i]!))
          out[row * k + i] = count
          left -= count
        }
      }
    },
  }
}

/** The chance of one share against another. Logarithms are not asked for. */
const ofShares = (one: number, other: number) => {
  const p = one === 0 ? 0 : one / (one + other)
  return {
    p,
    q: other === 0 ? (one === 0 ? 1 : 0) : other / (one + other),
    logP: Number.NaN,
    logQ: Number.NaN,
  }
}
