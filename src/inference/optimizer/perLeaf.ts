/**
 * An optimizer that treats each parameter alone, from the arithmetic of one. Names and shapes of gradients,
 * parameters and state are compared here, once for all optimizers.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type InvalidArgument, ShapeMismatch, TreeMismatch } from "../../tensor/errors.ts"
import * as Shape from "../../tensor/Shape.ts"
import * as Tree from "../../tensor/Tree.ts"
import type { Optimizer } from "./Update.ts"

/** The arithmetic of one leaf. */
export interface PerLeaf {
  /** What is kept of each parameter, by name, starting from `initial` (default 0). */
  readonly slots: ReadonlyArray<string>
  readonly initial?: number
  readonly problem: InvalidArgument | undefined
  /** The update of one leaf, then its new slots. */
  readonly step: (
    g: tf.Tensor,
    slots: ReadonlyArray<tf.Tensor>,
    param: tf.Tensor,
    path: string,
    count: number,
  ) => ReadonlyArray<tf.Tensor>
}

/**
 * The optimizer. `update` throws `TreeMismatch` or `ShapeMismatch` where gradients, parameters and state differ in
 * names or shapes.
 */
export const perLeaf = ({ slots: names, initial = 0, problem, step }: PerLeaf): Optimizer => ({
  init: (params) => ({
    count: 0,
    slots: Object.fromEntries(
      names.map((name) => [name, Tree.map(params, (leaf) => tf.fill(leaf.shape, initial, "float32"))]),
    ),
  }),
  update: (grads, { count, slots }, params) =>
    owned(() => {
      const inParams = aligned("params", grads, params)
      const inSlots = names.map((name) => aligned(`state, ${name}`, grads, slots[name]))
      const results = Tree.entries(grads).map(([path, g], i) =>
        step(
          g,
          inSlots.map((leaves) => leaves[i]!),
          inParams[i]!,
          path,
          count,
        ),
      )
      const tree = (k: number) =>
        Tree.unflatten(
          grads,
          results.map((result) => result[k]!),
        )
      return {
        updates: tree(0),
        state: { count: count + 1, slots: Object.fromEntries(names.map((name, k) => [name, tree(k + 1)])) },
      }
    }),
  ...(problem && { problem }),
})

/** The leaves of `tree` in the order of `grads`, which may differ; names and shapes must not. */
const aligned = (what: string, grads: Tree.Tree, tree: Tree.Tree | undefined): ReadonlyArray<tf.Tensor> => {
  const where = `Optimizer.update, ${what}`
  if (tree === undefined) throw new TreeMismatch({ where, missing: Tree.entries(grads).map(([path]) => path), unexpected: [] }) // biome-ignore format: one line
  const leaves: Array<tf.Tensor> = []
  try {
    Tree.zipWith(grads, tree, (g, leaf, path) => {
      if (!Shape.equals(g.shape, leaf.shape)) {
        throw new ShapeMismatch({
          where: `${where}, "${path}"`,
          expected: `the gradient's shape ${Shape.format(g.shape)}`,
          found: Shape.format(leaf.shape),
        })
      }
      leaves.push(leaf)
      return leaf
    })
  } catch (thrown) {
    throw thrown instanceof TreeMismatch ? new TreeMismatch({ ...thrown, where }) : thrown
  }
  return leaves
}

type Update = ReturnType<Optimizer["update"]>

/** Runs `f` in a tidy. The result is what `tf.tidy` takes as a container, but its type says so only of its own. */
export const owned = (f: () => Update): Update =>
  tf.tidy(f as unknown as () => tf.TensorContainer) as unknown as Update
