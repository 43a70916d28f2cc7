/**
 * A network: a pure function of parameters and an input, and a way to make first parameters.
 *
 * It holds no weights. `apply` (see `apply.ts`) reads them as one `Param` of a program, so that whoever runs the
 * program owns them. A network never throws when it is made: a wrong size is kept as `problem`, as in a
 * distribution, and `init` and `apply` throw it, which a program turns into a failure.
 *
 * ```ts
 * const double = make({
 *   name: "double",
 *   init: () => ({ factor: tf.scalar(2) }),
 *   apply: ({ factor }, input) => tf.mul(factor, input),
 * })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { equals, format, type Shape } from "../tensor/Shape.ts"
import type { Tree } from "../tensor/Tree.ts"

/** What a network may ask of the run that it is part of. */
export interface NetworkRun {
  /** Where the network stands, for messages: `apply("decoder")/0`. */
  readonly where: string
  /** A key of the network's own for this label; the same within a run. */
  readonly key: (label: string) => Key
  /** Whether dropout is active. */
  readonly training: boolean
}

/** Parameters `P` (a type alias, not an interface: only aliases are trees to the compiler), output `Out`. */
export interface Network<out P extends Tree = Tree, out Out = tf.Tensor> {
  /** For messages: `dense(784, 400)`. */
  readonly name: string
  /** What is wrong with how the network was made, if anything. */
  readonly problem?: InvalidArgument | undefined
  /** First parameters; the tensors are the caller's. Throws the network's problem. */
  init(key: Key): P
  /**
   * The output, whose tensors are the caller's; it may be the input itself. Throws the network's problem, and
   * `ShapeMismatch` or `TreeMismatch` where the input or the parameters do not fit.
   */
  apply(params: P, input: tf.Tensor, run: NetworkRun): Out
}

/** The parameters of a network without any. */
export type NoParams = Readonly<Record<never, Tree>>

/** The parameters of network `N`. */
export type ParamsOf<N> = N extends Network<infer P, unknown> ? P : never

/** The output of network `N`. */
export type OutputOf<N> = N extends Network<Tree, infer Out> ? Out : never

/** What {@link make} completes. */
export interface Definition<P extends Tree, Out> {
  readonly name: string
  readonly problem?: InvalidArgument | undefined
  readonly init: (key: Key) => P
  readonly apply: (params: P, input: tf.Tensor, run: NetworkRun) => Out
}

/** A network from its mathematics: adds the check of `problem`, and frees what `init` and `apply` do not return. */
export const make = <P extends Tree, Out>(definition: Definition<P, Out>): Network<P, Out> => {
  const { name, problem } = definition
  return {
    name,
    problem,
    init: (key) => {
      if (problem !== undefined) throw problem
      return tidy(() => definition.init(key))
    },
    apply: (params, input, run) => {
      if (problem !== undefined) throw below(run.where, problem)
      return tidy(() => definition.apply(params, input, run))
    },
  }
}

/** The same problem, as seen from outside. */
export const below = (where: string, problem: InvalidArgument): InvalidArgument =>
  new InvalidArgument({
    where: `${where}/${problem.where}`,
    expected: problem.expected,
    found: problem.found,
  })

/** The run as the child called `label` sees it. */
export const inside = (run: NetworkRun, label: string): NetworkRun => ({
  where: `${run.where}/${label}`,
  key: (inner) => run.key(`${label}/${inner}`),
  training: run.training,
})

/** Leaf `name` of `params`. Throws `TreeMismatch` where it is missing, `ShapeMismatch` where its shape differs. */
export const leaf = (params: Tree, name: string, shape: Shape, where: string): tf.Tensor => {
  const found = (params as { readonly [name: string]: Tree | undefined })[name]
  if (!(found instanceof tf.Tensor)) throw new TreeMismatch({ where, missing: [name], unexpected: [] })
  if (!equals(found.shape, shape)) {
    throw new ShapeMismatch({
      where: `${where}: parameter "${name}"`,
      expected: format(shape),
      found: format(found.shape),
    })
  }
  return found
}

// What a network returns is a container as `tf.tidy` understands it: tensors, or records of them.
const tidy = <A>(body: () => A): A => tf.tidy(body as () => tf.TensorContainer) as A
