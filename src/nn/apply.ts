/**
 * A network in a program: its weights are one parameter, a tree.
 *
 * ```ts
 * const decoder = mlp([20, 400, 784])
 * const model = Effect.fnUntraced(function* (x: tf.Tensor) {
 *   const z = yield* sample("z", Normal.standard([20]))
 *   const logits = yield* apply("decoder", decoder, z)     // R: Param<"decoder", { "0": …, "1": … }>
 *   ...
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { ask } from "../effects/Interpreter.ts"
import { paramTree } from "../effects/Param.ts"
import type { Param } from "../effects/Program.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import type { Tree } from "../tensor/Tree.ts"
import { below, type Network } from "./Network.ts"

/**
 * The network's output for `input`, with its weights read as parameter `name` (their first values come from the
 * network's `init`). The same name twice in a program is the same weights. A network with a problem, and an input or
 * weights that do not fit, fail when the program runs, with an `InvalidArgument`, `ShapeMismatch` or `TreeMismatch`
 * that names `name` and the layer.
 */
export const apply = <const N extends string, P extends Tree, Out>(
  name: N,
  network: Network<P, Out>,
  input: tf.Tensor,
): Effect.Effect<Out, never, Param<N, P>> =>
  Effect.flatMap(bind(name, network), (bound) => ask(() => bound(input)))

/**
 * The network as a function, with its weights read as by {@link apply}: for what calls a network as often as it
 * needs to, such as a normalizing flow. The function is for the run that it was made in, and throws what `apply`
 * fails with.
 *
 * ```ts
 * const network = yield* bind("flow", made({ inputs: 2, hidden: [16], outputs: { shift: [], logScale: [] } }))
 * const q = Flow(Normal.standard([2]), [Transform.inverseAutoregressive({ network })])
 * ```
 */
export const bind = <const N extends string, P extends Tree, Out>(
  name: N,
  network: Network<P, Out>,
): Effect.Effect<(input: tf.Tensor) => Out, never, Param<N, P>> => {
  const where = `apply("${name}")`
  const params = paramTree(name, (key) => {
    if (network.problem !== undefined) throw below(where, network.problem)
    return network.init(key)
  })
  return Effect.flatMap(params, (params) =>
    ask(({ key, training }) => (input) => {
      if (!(input instanceof tf.Tensor)) {
        throw new InvalidArgument({ where, expected: "a tensor as input", found: typeof input })
      }
      return network.apply(params, input, { where, key: (label) => key(`${name}/${label}`), training })
    }),
  )
}
