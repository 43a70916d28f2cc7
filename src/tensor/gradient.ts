/**
 * Value, gradient and by-products of a scalar function of a tree of tensors.
 *
 * tfjs's own `valueAndGrads` takes a list, gives back nothing but the scalar, refuses a tensor that the function
 * does not touch, and leaks what its tape saved when the function throws. Here a tensor that the function does not
 * touch has gradient zero, and is named as such, so that one may be told from one whose gradient happens to be zero; and
 * after a throw the tape is emptied.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Tree from "./Tree.ts"

/** A scalar, and tensors that should outlive its computation. */
export interface Evaluated {
  readonly value: tf.Tensor
  readonly aux: Readonly<Record<string, tf.Tensor>>
}

/** What {@link valueAndGradient} finds. `aux` is not tied to any tidy until the caller returns it from one. */
export interface Differentiated<T extends Tree.Tree> extends Evaluated {
  readonly gradient: T
  /** The paths of the leaves that the value does not depend on, or not by operations that have a gradient. */
  readonly untouched: ReadonlyArray<string>
}

/** d value / d tree, by reverse mode, at `tree`. Call it inside a tidy, and return or dispose what it gives. */
export const valueAndGradient = <T extends Tree.Tree>(
  tree: T,
  f: (tree: T) => Evaluated,
): Differentiated<T> => {
  const engine = tf.engine()
  const entries = Tree.entries(tree)
  const leaves = entries.map(([, leaf]) => leaf)
  if (leaves.length === 0) return { ...f(tree), gradient: tree, untouched: [] }
  const kept: Record<string, tf.Tensor> = {}
  try {
    const { value, grads } = engine.gradients(
      () => {
        const { value, aux } = f(tree)
        for (const [name, tensor] of Object.entries(aux)) kept[name] = tf.keep(tf.clone(tensor))
        return tf.reshape(value, [])
      },
      leaves,
      undefined,
      true,
    )
    // Hand the by-products to the caller's tidy, which must not dispose of them behind our back until now.
    const aux = Object.fromEntries(Object.entries(kept).map(([name, tensor]) => [name, tf.clone(tensor)]))
    const gradient = Tree.unflatten(
      tree,
      leaves.map((leaf, i) => grads[i] ?? tf.zerosLike(leaf)),
    )
    const untouched = entries.flatMap(([path], i) => (grads[i] == null ? [path] : []))
    return { value, aux, gradient, untouched }
  } catch (thrown) {
    clearTape(engine)
    throw thrown
  } finally {
    for (const tensor of Object.values(kept)) tensor.dispose()
  }
}

/** Frees what an unfinished tape saved for a backward pass that will not come. */
export const clearTape = (engine: ReturnType<typeof tf.engine>): void => {
  const { state } = engine
  if (state.gradientDepth > 0) return
  for (const node of state.activeTape ?? []) for (const tensor of node.saved ?? []) tensor.dispose()
  state.activeTape = []
}
