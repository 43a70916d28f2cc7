/**
 * A network made of networks: their parameters under their labels, their randomness and their errors with their
 * place. A child without parameters leaves no entry.
 *
 * ```ts
 * const residual = compose<{ body: DenseParams }, tf.Tensor>({
 *   name: "residual",
 *   children: { body: dense(20, 20) },
 *   apply: (call, input) => tf.add(input, call("body", input) as tf.Tensor),
 * })
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { isTensor, type Tree } from "../tensor/Tree.ts"
import { below, inside, make, type Network } from "./Network.ts"

/** What {@link compose} puts together. */
export interface Composition<Out> {
  readonly name: string
  /** What is wrong, besides the children's own problems. */
  readonly problem?: InvalidArgument | undefined
  readonly children: { readonly [label: string]: Network<Tree, unknown> }
  /** The output; `call` applies a child. */
  readonly apply: (call: (label: string, input: tf.Tensor) => unknown, input: tf.Tensor) => Out
}

/** See above; `P` is what the children's parameters come to, which the compiler cannot see here. */
export const compose = <P extends Tree, Out>(composition: Composition<Out>): Network<P, Out> => {
  const { name, children } = composition
  const entries = Object.entries(children)
  return make<P, Out>({
    name,
    problem: composition.problem ?? firstProblem(entries),
    init: (key) =>
      Object.fromEntries(
        entries
          .map(([label, child]) => [label, child.init(Key.foldInName(key, label))] as const)
          .filter(([, params]) => isTensor(params) || Object.keys(params).length > 0),
      ) as P,
    apply: (params, input, run) => {
      const trees = params as { readonly [label: string]: Tree | undefined }
      const call = (label: string, x: tf.Tensor): unknown =>
        children[label]!.apply(trees[label] ?? {}, x, inside(run, label))
      return composition.apply(call, input)
    },
  })
}

const firstProblem = (
  children: ReadonlyArray<readonly [string, Network<Tree, unknown>]>,
): InvalidArgument | undefined => {
  for (const [label, { problem }] of children) if (problem !== undefined) return below(label, problem)
  return undefined
}
