/**
 * A chain whose steps are all alike, written once: a Markov chain with time as one more batch dimension.
 *
 *   z_t, x_t ~ step(z_{t−1}, input_t),  t = 0 … T − 1,  z_{−1} = first
 *
 * The step runs for all times at once, at the states of the times before. Where they are to be drawn, they are drawn first,
 * one step after another. Where the states are enumerated, each step has all values of the state before along a dimension
 * of its own, and what sites score are tables `[T, K, K]`, which `inference/enumeration` sums over all paths (as Pyro's
 * `vectorized_markov`, and NumPyro's `scan` under enumeration).
 *
 * ```ts
 * const z = yield* scan("time", x, tf.scalar(0), (previous, now) =>     // x: [T]
 *   Effect.gen(function* () {
 *     const z = yield* sample("z", Categorical({ probs: tf.gather(transition, tf.cast(previous, "int32")) }))
 *     yield* observe("x", emission(z), now)
 *     return z
 *   }))
 * ```
 *
 * A site of the step is one site, with time a dimension of its batch: "z" above is `[T]`, and within a plate of N
 * sequences `[T, N]`.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type * as Tree from "../tensor/Tree.ts"
import { Interpreter } from "./Interpreter.ts"
import { Scanning } from "./scanning.ts"

/** The type of a state that is of some structure: whatever its first value's rank, a tensor is a tensor. */
export type ScanState<S extends Tree.Tree> = S extends tf.Tensor
  ? tf.Tensor
  : { readonly [K in keyof S]: S[K] extends Tree.Tree ? ScanState<S[K]> : never }

/**
 * Runs `step` along `inputs`, and gives the states of all steps: each as its site's value, `[T, ...plates, ...event]`.
 * `name` is that of the time dimension, as of a plate.
 *
 * - `inputs`: a tensor, or a tree of tensors, `[T, ...plates, ...event]`, T from 1 up: the enclosing plates' extents (or 1)
 *   follow time. The step gets all of them, or one `[1, ...plates, ...event]`, and must do the same with either: let shapes
 *   broadcast, and count no dimension from the left.
 * - `first`: the state before the first step; it broadcasts to a state's shape.
 * - `step` gives the next state, of `first`'s structure: its tensors are values of the step's sites, or inputs, as they are.
 *   Anything computed from them is to be computed from `previous`.
 *
 * Sequences of different lengths are padded, and what is observed beyond their ends is masked (see `mask`).
 *
 * Fails with `InvalidArgument` for no steps, a next state that is neither a site's value nor an input, or a scan within a
 * scan's step; with `TreeMismatch` for states of different structure; with `ShapeMismatch` where inputs differ in length, or
 * `first` does not broadcast; and with `SiteMismatch` where some of its latent sites are enumerated and others would have to
 * be drawn.
 */
export const scan = <I extends Tree.Tree, S extends Tree.Tree, E, R>(
  name: string,
  inputs: I,
  first: S,
  step: (previous: ScanState<S>, input: I) => Effect.Effect<ScanState<NoInfer<S>>, E, R>,
): Effect.Effect<ScanState<S>, E, R> =>
  Interpreter.use((outer) =>
    Effect.gen(function* () {
      const scanning = new Scanning(name, inputs, outer)
      const at = (t: number, previous: ScanState<S>) => {
        const here = scanning.inputsAt<I>(t)
        const body = Effect.suspend(() => step(previous, here))
        return Effect.map(Effect.provideService(body, Interpreter, scanning.ahead(t)), (next) =>
          scanning.settle(t, next, here, start),
        )
      }
      const start = first as Tree.Tree as ScanState<S>
      let next = yield* at(0, start)
      for (let t = 1; t < scanning.steps && scanning.isDrawn; t++) next = yield* at(t, next)
      const all = Effect.suspend(() => step(scanning.previous(start), inputs))
      return yield* Effect.provideService(all, Interpreter, scanning.together())
    }),
  ) as Effect.Effect<ScanState<S>, E, R>
