/**
 * Where a hidden Markov model starts: the observations in K clusters (see `centers`), whatever their order; the emissions'
 * M-step makes parameters of these, and the transitions between neighbors' clusters make the chain.
 *
 * Each transition, and each first state, is counted once more than it is seen: one that had probability 0 would keep it
 * through all of EM. The states are in the order of their clusters, which is any.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Context, Effect, type Scope } from "effect"
import { OutsideSupport } from "../../distributions/errors.ts"
import { real } from "../../distributions/Support.ts"
import type { ProgramError } from "../../effects/errors.ts"
import type { Rest } from "../../effects/Program.ts"
import { attempt, run } from "../../effects/run.ts"
import type { InvalidArgument } from "../../tensor/errors.ts"
import { scoped } from "../../tensor/Memory.ts"
import { unravelIndex } from "../../tensor/Shape.ts"
import * as Tree from "../../tensor/Tree.ts"
import { nearest, type Picking, pick } from "../centers.ts"
import type { ChainParams } from "./answers.ts"
import type { ClosedEmission } from "./emission.ts"
import { mismatch, type Sequences, seenIn } from "./sequences.ts"

/** How to start: from clusters of the observations, or from parameters of an earlier fit, which are copied. */
export type Initialization<R> = Picking | { readonly params: ChainParams<R> }

/**
 * First parameters, which live until the scope closes. Fails with `ShapeMismatch`; with `OutsideSupport` where an observation
 * is not finite; and with `InvalidArgument` for fewer observations than states, an unknown method, and where "k-means" finds no
 * package `ml-kmeans`.
 */
export type Initialize<R> = (
  data: Sequences,
  how: Initialization<R>,
) => Effect.Effect<ChainParams<R>, ProgramError, Rest<R> | Scope.Scope>

const WHERE = "HiddenMarkov.initialize"

/** {@link Initialize} for a model of K states; `problem` is what is wrong with its options. */
export const initialize = <P extends {}, R>(
  k: number,
  emission: ClosedEmission<P, R>,
  problem: InvalidArgument | undefined,
): Initialize<R> =>
  Effect.fnUntraced(function* (data: Sequences, how: Initialization<R>) {
    const refused = problem ?? mismatch(WHERE, data)
    if (refused !== undefined) return yield* Effect.fail(refused)
    const context = (yield* Effect.context<Rest<R>>()) as Context.Context<never>
    const own = (make: () => Readonly<Record<string, Tree.Tree>>) =>
      scoped(
        attempt(() => tf.tidy(() => make() as tf.NamedTensorMap)),
        (params) => Tree.leaves(params),
      )
    if ("params" in how) {
      return yield* own(() =>
        Tree.map(how.params as unknown as Record<string, Tree.Tree>, (leaf) => tf.clone(leaf)),
      )
    }
    const seen = yield* attempt(() => observedIn(data))
    const points = { values: seen.values, count: seen.cells.length, d: seen.width }
    const centers = yield* pick(WHERE, k, points, new Float32Array(points.count).fill(1), how)
    return yield* own(() => {
      const weights = nearest(points, centers)
      const { initial, transition } = counted(seen, tf.argMax(weights, 1).dataSync(), k)
      // Where a cluster says nothing of the emission, it is what it is without data.
      const { params } = run(emission.params, context, { key: how.key })
      const before = Object.fromEntries([...params.values()].map(({ name, value }) => [name, value]))
      const rows = tf.tensor(seen.values, [seen.cells.length, ...data.x.shape.slice(2)])
      return {
        ...before,
        ...(emission.maximize(rows, weights, before as P) as {}),
        initial: tf.div(
          tf.tensor(initial),
          initial.reduce((sum, count) => sum + count, 0),
        ),
        transition: tf.div(tf.tensor(transition, [k, k]), tf.sum(tf.tensor(transition, [k, k]), 1, true)),
      }
    })
  }) as unknown as Initialize<R>

/** The observations that are there, one after the other, on the host. */
interface Observed {
  /** `width` numbers each. */
  readonly values: Float32Array
  readonly width: number
  /** Where each is among the N · T cells. */
  readonly cells: ReadonlyArray<number>
  /** T. */
  readonly steps: number
}

/** Throws `OutsideSupport` where a number is not finite. */
const observedIn = (data: Sequences): Observed => {
  const [, steps, ...event] = data.x.shape as [number, number, ...Array<number>]
  const width = event.reduce((product, size) => product * size, 1)
  const all = data.x.dataSync()
  const seen = tf.tidy(() => seenIn(data).dataSync())
  const cells = Array.from(seen.keys()).filter((cell) => seen[cell] === 1)
  const values = new Float32Array(cells.length * width)
  cells.forEach((cell, i) => {
    for (let d = 0; d < width; d++) values[i * width + d] = all[cell * width + d]!
  })
  const bad = values.findIndex((x) => !Number.isFinite(x))
  if (bad >= 0) {
    const at = cells[Math.floor(bad / width)]!
    throw new OutsideSupport({
      where: `${WHERE}: x`,
      support: real.describe,
      found: String(values[bad]),
      index: unravelIndex(at * width + (bad % width), data.x.shape),
    })
  }
  return { values, width, cells, steps }
}

/** How often each state comes first in a sequence, and after each other one, and once more. */
const counted = ({ cells, steps }: Observed, states: ArrayLike<number>, k: number) => {
  const initial = new Float32Array(k).fill(1)
  const transition = new Float32Array(k * k).fill(1)
  cells.forEach((cell, i) => {
    if (cell % steps === 0) initial[states[i]!]! += 1
    else if (cells[i - 1] === cell - 1) transition[states[i - 1]! * k + states[i]!]! += 1
  })
  return { initial, transition }
}
