/**
 * Networks one after the other.
 *
 * ```ts
 * const encoder = sequential(mlp([784, 400], { outputActivation: "relu" }), branch({ loc, scale }))
 * // parameters: { "0": …, "1": { loc: …, scale: … } }
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import type { Tree } from "../tensor/Tree.ts"
import { compose } from "./compose.ts"
import type { Network, OutputOf, ParamsOf } from "./Network.ts"

/** Networks of which all but the last give a tensor. */
export type Layers = readonly [...ReadonlyArray<Network>, Network<Tree, unknown>]

/** The parameters of each layer under its number, "0" first; layers without parameters have no entry. */
export type SequentialParams<L extends ReadonlyArray<unknown>> = number extends L["length"]
  ? { readonly [layer: string]: Tree }
  : {
      readonly [K in keyof L & `${number}` as keyof ParamsOf<L[K]> extends never ? never : K]: ParamsOf<L[K]>
    }

type Last<L extends ReadonlyArray<unknown>> = L extends readonly [...ReadonlyArray<unknown>, infer Z]
  ? Z
  : L[number]

/** Each network applied to the output of the one before. Without any, the network has a problem. */
export const sequential = <const L extends Layers>(
  ...layers: L
): Network<SequentialParams<L>, OutputOf<Last<L>>> =>
  chain(
    `sequential(${layers.map((layer) => layer.name).join(", ")})`,
    layers.length === 0
      ? new InvalidArgument({ where: "sequential", expected: "at least one network", found: "none" })
      : undefined,
    layers,
  )

/** {@link sequential} under another name, for networks built on it. */
export const chain = <P extends Tree, Out>(
  name: string,
  problem: InvalidArgument | undefined,
  layers: ReadonlyArray<Network<Tree, unknown>>,
): Network<P, Out> =>
  compose({
    name,
    problem,
    children: Object.fromEntries(layers.map((layer, i) => [String(i), layer])),
    apply: (call, input) =>
      layers.reduce<unknown>((x, _layer, i) => call(String(i), x as tf.Tensor), input) as Out,
  })
