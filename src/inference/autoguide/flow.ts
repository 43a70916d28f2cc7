/**
 * A guide that is one normalizing flow over all unconstrained numbers, u = loc + scale · f(ε) with ε standard normal, for
 * posteriors that no normal distribution fits (Rezende and Mohamed, "Variational Inference with Normalizing Flows", ICML
 * 2015). f is inverse autoregressive: number i of each layer is mapped as a masked network says from the numbers before
 * it (Kingma et al., NeurIPS 2016), by a shift and a scale or by a rational-quadratic spline (Durkan et al., "Neural Spline
 * Flows", NeurIPS 2019); between layers the order is turned round. f starts as the identity, the guide as `autoNormal`'s.
 *
 * ```ts
 * const guide = autoFlow(model, { layers: 2, hidden: [32] })
 * const wavy = autoFlow(model, { kind: "spline" })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Flow } from "../../distributions/Flow.ts"
import { Normal } from "../../distributions/Normal.ts"
import { real } from "../../distributions/Support.ts"
import {
  affine,
  inverseAutoregressive,
  rationalQuadraticSpline,
  reverse,
  type Spline,
  type Transform,
} from "../../distributions/Transform.ts"
import type { Interpretation } from "../../effects/Interpreter.ts"
import type { LatentName, Param } from "../../effects/Program.ts"
import { heNormal, zeros } from "../../nn/initializers.ts"
import { type MadeParams, made } from "../../nn/made.ts"
import type { Network } from "../../nn/Network.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import type { Tree } from "../../tensor/Tree.ts"
import { joint } from "./joint.ts"
import { scaleProblem } from "./latent.ts"
import type { AutoGuide, Drawable, Guided, SpreadOptions } from "./types.ts"

/** How {@link autoFlow} is set up. */
export interface FlowOptions<K extends string = string> extends SpreadOptions<K> {
  /** How each number is mapped: by `"affine"` maps (the default) or by `"spline"`s. */
  readonly kind?: (typeof kinds)[number]
  /** A whole number from 1 up; default 2. */
  readonly layers?: number
  /** Units of the hidden layers of each network; default one layer of twice as many as there are numbers, and at least 32. */
  readonly hidden?: ReadonlyArray<number>
  /** Pieces of a spline, from 2 to 999; default 8. */
  readonly bins?: number
}

/** The logarithm of a layer's scale, at most: one draw far out, at a scale of e⁵, can undo what many have taught. */
const mostScale = 2

const kinds = ["affine", "spline"] as const

/** The weights of the networks, by layer. */
export type FlowParams = { readonly [layer: string]: MadeParams<ReadonlyArray<number>> }

/**
 * A flow in unconstrained coordinates: parameters `auto/<site>/loc`, `auto/<site>/scale` (positive) and the networks'
 * weights, `auto/flow`. A model with discrete latent sites does not compile, unless they are `summedOut`. Some latent site
 * must lie outside of any plate that the others share.
 */
export const autoFlow = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: FlowOptions<K> = {},
): AutoGuide<D, E, Guided<R, K, "loc" | "scale"> | Param<"auto/flow", FlowParams>> =>
  joint(model, options, {
    name: "autoFlow",
    problem: scaleProblem("autoFlow", options.scale ?? 0.1) ?? problemOf(options),
    hasScale: true,
    isWhole: true,
    vector: ({ size, loc, scale }, outer) => {
      const turns = layersOf(size, options, outer).flatMap((layer, i) =>
        i === 0 ? [layer] : [reverse, layer],
      )
      const maps: ReadonlyArray<Transform<"real", "real">> = [...turns, affine(loc, scale!)]
      return { distribution: Flow(Normal.standard([size]), maps) }
    },
  })

/** The maps of the layers, their networks' weights read as one parameter. */
const layersOf = (
  inputs: number,
  { kind = "affine", layers = 2, hidden = [Math.max(32, 2 * inputs)], bins = 8 }: FlowOptions,
  outer: Interpretation,
): ReadonlyArray<Transform<"real", "real">> => {
  // Half of the weights are masked. At Glorot's scale, for few numbers, the units hardly bend, and learn half as fast.
  const shapes = {
    inputs,
    hidden,
    activation: "elu",
    initializer: heNormal,
    outputInitializer: zeros,
  } as const
  const networks = Array.from({ length: layers }, () =>
    kind === "affine"
      ? made({ ...shapes, outputs: { shift: [], logScale: [] } })
      : made({ ...shapes, outputs: { widths: [bins], heights: [bins], derivatives: [bins - 1] } }),
  ) as unknown as ReadonlyArray<Network<Tree, never>>
  const init = (key: Key.Key) =>
    Object.fromEntries(networks.map((network, i) => [String(i), network.init(Key.foldIn(key, i))]))
  const site = {
    kind: "param",
    name: "auto/flow",
    init,
    support: real,
    value: undefined,
    hidden: false,
  } as const
  const weights = outer.param(site).value as { readonly [layer: string]: Tree }
  return networks.map((made, i) => {
    const run = {
      where: `auto/flow/${i}`,
      key: (label: string) => outer.key(`auto/flow/${i}/${label}`),
      training: outer.training,
    }
    const network = <P>(x: tf.Tensor) => made.apply(weights[i]!, x, run) as P
    if (kind === "spline")
      return inverseAutoregressive<Spline>({ network, elementwise: rationalQuadraticSpline })
    const steady = (x: tf.Tensor) => {
      const { shift, logScale } = network<{ readonly shift: tf.Tensor; readonly logScale: tf.Tensor }>(x)
      return { shift, logScale: tf.mul(tf.tanh(tf.div(logScale, mostScale)), mostScale) }
    }
    return inverseAutoregressive({ network: steady })
  })
}

const problemOf = ({ kind = "affine", layers = 2, bins = 8 }: FlowOptions): InvalidArgument | undefined => {
  const refuse = (where: string, expected: string, found: unknown) =>
    new InvalidArgument({ where: `autoFlow: ${where}`, expected, found: String(found) })
  if (!kinds.includes(kind)) return refuse("kind", kinds.map((kind) => `"${kind}"`).join(" or "), kind)
  if (!(Number.isSafeInteger(layers) && layers >= 1))
    return refuse("layers", "a whole number, at least 1", layers)
  if (Number.isSafeInteger(bins) && bins >= 2 && bins <= 999) return undefined
  return refuse("bins", "a whole number from 2 to 999", bins)
}
