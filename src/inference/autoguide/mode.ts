/**
 * The lowest point of a smooth function of a vector, and the curvature there: L-BFGS to its neighbourhood, then Newton's
 * method, x ← x − LLᵀ∇f with LLᵀ = H⁻¹. L-BFGS judges by values of f, of which float32 leaves seven digits; a
 * gradient keeps its own near the bottom.
 *
 * ```ts
 * const { x, factor } = yield* findMode({ loss, start, iterations: 200, blame })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { ProgramError } from "../../effects/errors.ts"
import { attempt } from "../../effects/run.ts"
import { valueAndGradient } from "../../tensor/gradient.ts"
import type { Blame } from "../Algorithm.ts"
import { NonFinite } from "../errors.ts"
import { breather } from "../Loop.ts"
import { start as startAt, step } from "../optimizer/lbfgs.ts"
import { curvature, times, transposed } from "./curvature.ts"

/** What is to be lowered. */
export interface Landscape {
  /** A scalar of a vector `[n]`, the same at every call. */
  readonly loss: (x: tf.Tensor) => tf.Tensor
  /** n numbers. */
  readonly start: Float64Array
  /** Of L-BFGS, at most: from 0 up. */
  readonly iterations: number
  /** Why there is no finite value, or gradient, at the start. */
  readonly blame: () => Blame
}

/** The bottom. */
export interface Mode {
  readonly x: Float64Array
  /** The loss there. */
  readonly value: number
  /** L with LLᵀ the inverse Hessian, by rows: see `curvature`. */
  readonly factor: Float64Array
  /** What is wrong with it, and the coordinate where it is. */
  readonly problem: { readonly at: number; readonly found: string } | undefined
}

/** An iteration that lowers f by less, in nats, is L-BFGS's last. */
const FALL = 1e-5

/** Newton's decrement gᵀH⁻¹g is the square of the way still to go, in standard deviations: what is reached, and what will do. */
const [REACHED, TOLERATED] = [1e-8, 1e-4]

const NEWTON = 8

/** Goes down from `start`; fails with `NonFinite` where the loss or its gradient is not finite there. */
export const findMode = Effect.fnUntraced(function* <E>({
  loss,
  start,
  iterations,
  blame,
}: Landscape): Effect.fn.Return<Mode, E | ProgramError | NonFinite> {
  const breathe = yield* breather
  const evaluate = (x: Float64Array) =>
    Effect.andThen(
      breathe,
      attempt<Evaluated, E>(() =>
        tidied(() => {
          const { value, gradient } = valueAndGradient(tf.tensor1d(Float32Array.from(x)), (x) => ({
            value: loss(x),
            aux: {},
          }))
          return { value: value.dataSync()[0]!, gradient: Float64Array.from(gradient.dataSync()) }
        }),
      ),
    )
  const gradientAt = (x: Float64Array) => Effect.map(evaluate(x), ({ gradient }) => gradient)

  const first = yield* evaluate(start)
  if (!(Number.isFinite(first.value) && first.gradient.every(Number.isFinite))) {
    const blamed = yield* attempt<Blame, E>(() => tidied(blame))
    return yield* new NonFinite({ step: 0, what: "the log-density", ...blamed })
  }
  let x = yield* descend<E>(loss, start, iterations, breathe)
  let here = yield* evaluate(x)
  let guess: Float64Array | undefined
  for (let i = 0; ; i++) {
    const { factor, flat, found } = yield* curvature(gradientAt, x, guess)
    const end = (problem?: Mode["problem"]): Mode => ({ x, value: here.value, factor, problem })
    if (flat >= 0)
      return end({ at: flat, found: `the second derivative of −log p is ${found.toPrecision(3)}` })
    const slopes = transposed(factor, here.gradient)
    const decrement = squares(slopes)
    if (decrement < REACHED) return end()
    const move = times(factor, slopes)
    const next = x.map((x, i) => Math.fround(x - move[i]!))
    const there = yield* evaluate(next)
    if (i === NEWTON || !(squares(transposed(factor, there.gradient)) < decrement / 4)) {
      if (decrement < TOLERATED) return end()
      const at = slopes.reduce((most, s, i) => (Math.abs(s) > Math.abs(slopes[most]!) ? i : most), 0)
      return end({
        at,
        found: `log p still rises, by ${Math.abs(slopes[at]!).toPrecision(3)} a standard deviation`,
      })
    }
    ;[x, here, guess] = [next, there, factor]
  }
})

interface Evaluated {
  readonly value: number
  readonly gradient: Float64Array
}

/** L-BFGS, until it falls no more. */
const descend = <E>(
  loss: Landscape["loss"],
  start: Float64Array,
  iterations: number,
  breathe: Effect.Effect<void>,
): Effect.Effect<Float64Array, E | ProgramError> =>
  Effect.acquireUseRelease(
    attempt<{ now: State }, E>(() => ({
      now: tidied(() => startAt(loss, tf.tensor1d(Float32Array.from(start)))),
    })),
    Effect.fnUntraced(function* (held) {
      for (let i = 0; i < iterations; i++) {
        const fall = yield* attempt<number, E>(() => {
          const before = held.now
          held.now = tidied(() => step(loss, before))
          const fall = before.value.dataSync()[0]! - held.now.value.dataSync()[0]!
          tf.dispose(before as never)
          return fall
        })
        yield* breathe
        if (!(fall > FALL)) break
      }
      return Float64Array.from(held.now.params.dataSync())
    }),
    (held) => Effect.sync(() => tf.dispose(held.now as never)),
  )

type State = ReturnType<typeof startAt<tf.Tensor>>

/** `body` in a tidy that spares every tensor in its result. */
const tidied = <A>(body: () => A): A => tf.tidy(body as () => never)

const squares = (x: Float64Array): number => x.reduce((sum, x) => sum + x * x, 0)
