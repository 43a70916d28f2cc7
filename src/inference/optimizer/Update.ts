/**
 * What an optimizer is: a pair of pure functions over trees of tensors. `Optimizer.ts` has the optimizers themselves.
 */
import type { InvalidArgument } from "../../tensor/errors.ts"
import type * as Tree from "../../tensor/Tree.ts"

/**
 * What an optimizer remembers: the number of steps taken, and its tensors by name (`m` and `v` of Adam, each a
 * tree with the parameters' names). `slots` is itself a tree, so that `Tree.leaves`, `Tree.dispose` and
 * `Tree.entries` reach every tensor; count and entries are all that a checkpoint has to keep.
 */
export interface OptimizerState {
  readonly count: number
  readonly slots: { readonly [name: string]: Tree.Tree }
}

/** `updates` are added to the parameters. `problem` is an argument refused by the constructor. */
export interface Optimizer {
  readonly init: (params: Tree.Tree) => OptimizerState
  readonly update: (
    grads: Tree.Tree,
    state: OptimizerState,
    params: Tree.Tree,
  ) => { readonly updates: Tree.Tree; readonly state: OptimizerState }
  readonly problem?: InvalidArgument
}
