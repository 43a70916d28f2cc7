/**
 * Learnable parameters. A program reads its parameters from whoever runs it; it holds none itself.
 *
 * ```ts
 * const loc = yield* param("loc", 0)
 * const scale = yield* param("scale", 1, { support: positive })   // stays positive while it is fitted
 * const weights = yield* param("w", (key) => Key.normal(key, [3]))
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import type { Value } from "../distributions/Distribution.ts"
import { real } from "../distributions/Support.ts"
import type { BijectableSupport } from "../distributions/Transform.ts"
import type { Key } from "../tensor/Key.ts"
import type { Tree } from "../tensor/Tree.ts"
import { ask } from "./Interpreter.ts"
import type { Param } from "./Program.ts"
import { given } from "./place.ts"

/** Where a parameter may lie; the default is the real line. */
export interface ParamOptions {
  readonly support?: BijectableSupport
}

/**
 * Reads parameter `name`. `init` is its first value: a number, an array, a tensor, or a function of a key. The
 * engine optimizes an unconstrained image of it and hands the program the constrained value, so it never leaves
 * `support`. An `init` outside the support is refused with `InvalidParameter`.
 */
export const param = <const N extends string>(
  name: N,
  init: Value | ((key: Key) => tf.Tensor),
  options: ParamOptions = {},
): Effect.Effect<tf.Tensor, never, Param<N, tf.Tensor>> =>
  paramTree<N, tf.Tensor>(
    name,
    (key) => (typeof init === "function" ? init(key) : given(`param "${name}"`, init)),
    options.support,
  )

/** Reads a whole tree of parameters under one name: how a network gets its weights. */
export const paramTree = <const N extends string, T extends Tree>(
  name: N,
  init: (key: Key) => T,
  support: BijectableSupport = real,
): Effect.Effect<T, never, Param<N, T>> =>
  ask(
    (interpretation) =>
      interpretation.param({ kind: "param", name, init, support, value: undefined, hidden: false })
        .value as T,
  )
