/**
 * L-BFGS: a quasi-Newton method for functions that are computed whole, with no minibatch and no draw.
 *
 *   d = −H g,  x ← x + t d,
 *
 * where H, an inverse Hessian, is made of the last few steps s and changes of gradient y by two loops (J. Nocedal and
 * S. J. Wright, Numerical Optimization, 2nd edition, 2006, algorithm 7.4), and t is found by bisection on the weak Wolfe
 * conditions (A. S. Lewis and M. L. Overton, "Nonsmooth optimization via quasi-Newton methods", 2013, algorithm 4.6):
 *
 *   f(x + t d) ≤ f(x) + c₁ t gᵀd,  g(x + t d)ᵀd ≥ c₂ gᵀd.
 *
 * Nothing is read back from the device: each search takes the same number of evaluations, and what was decided is a
 * tensor. A step never raises f: where no t will do, nothing moves.
 *
 * ```ts
 * let state = start(f, params, { memory: 10 })
 * for (let i = 0; i < 50; i++) state = step(f, state)
 * state.params
 * ```
 *
 * Call these inside a tidy.
 */
import * as tf from "@tensorflow/tfjs-core"
import { valueAndGradient } from "../../tensor/gradient.ts"
import * as Tree from "../../tensor/Tree.ts"

/** A scalar function of a tree of parameters. */
export type Objective<T extends Tree.Tree> = (params: T) => tf.Tensor

/** The steps and changes of gradient that are remembered, the latest last; a row of zeros stands for none. */
export type History = {
  /** `[memory, n]`. */
  readonly steps: tf.Tensor
  /** `[memory, n]`. */
  readonly changes: tf.Tensor
  /** 1 / sᵀy, `[memory]`; 0 for none. */
  readonly inverse: tf.Tensor
}

/** Where a minimization is. */
export interface LbfgsState<T extends Tree.Tree> {
  readonly params: T
  /** f there, a scalar. */
  readonly value: tf.Tensor
  /** Its gradient, flattened: `[n]`. */
  readonly gradient: tf.Tensor
  readonly history: History
}

/** The gradient may rise to this much of its first slope, and f must fall by this much of what the slope promises. */
const [SUFFICIENT, CURVATURE] = [1e-4, 0.9]

/** A history of nothing for parameters of `n` numbers. */
export const forget = (memory: number, n: number): History => ({
  steps: tf.zeros([memory, n]),
  changes: tf.zeros([memory, n]),
  inverse: tf.zeros([memory]),
})

/** The state at first parameters, with what a minimization before it remembered, or nothing. */
export const start = <T extends Tree.Tree>(
  f: Objective<T>,
  params: T,
  { memory = 10, history }: { readonly memory?: number; readonly history?: History } = {},
): LbfgsState<T> => {
  const { value, gradient } = valueAndGradient(params, (at) => ({ value: f(at), aux: {} }))
  const flat = Tree.ravel(gradient).flat
  return { params, value, gradient: flat, history: history ?? forget(memory, flat.size) }
}

/** One step; the search evaluates f and its gradient `evaluations` times. */
export const step = <T extends Tree.Tree>(
  f: Objective<T>,
  { params, value, gradient, history }: LbfgsState<T>,
  evaluations = 10,
): LbfgsState<T> => {
  const { flat, unravel } = Tree.ravel(params)
  const at = (x: tf.Tensor): Point => {
    const found = valueAndGradient(unravel(x), (tree) => ({ value: f(tree), aux: {} }))
    return { x, value: found.value, gradient: Tree.ravel(found.gradient).flat }
  }
  const here = { x: flat, value, gradient }
  const found = search(at, here, direction(gradient, history), evaluations)
  return {
    params: unravel(found.x),
    value: found.value,
    gradient: found.gradient,
    history: remember(history, tf.sub(found.x, flat), tf.sub(found.gradient, gradient)),
  }
}

interface Point {
  readonly x: tf.Tensor
  readonly value: tf.Tensor
  readonly gradient: tf.Tensor
}

const dot = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.sum(tf.mul(a, b))

/**
 * −H g, by the two loops. H starts from (sᵀy / yᵀy) I of the latest pair; where there is none from I / |g|, so that the
 * first step tried is of length one.
 */
const direction = (gradient: tf.Tensor, { steps, changes, inverse }: History): tf.Tensor => {
  const [s, y, rho] = [tf.unstack(steps), tf.unstack(changes), tf.unstack(inverse)]
  const latest = s.length - 1
  const alphas: Array<tf.Tensor> = []
  let q = gradient
  for (let i = latest; i >= 0; i--) {
    alphas[i] = tf.mul(rho[i]!, dot(s[i]!, q))
    q = tf.sub(q, tf.mul(alphas[i]!, y[i]!))
  }
  const hasHistory = tf.greater(rho[latest]!, 0)
  const curvature = tf.mul(rho[latest]!, dot(y[latest]!, y[latest]!))
  const length = tf.norm(gradient)
  const first = tf.where(hasHistory, curvature, tf.where(tf.greater(length, 0), length, 1))
  let r = tf.div(q, first)
  for (let i = 0; i <= latest; i++) {
    const beta = tf.mul(rho[i]!, dot(y[i]!, r))
    r = tf.add(r, tf.mul(s[i]!, tf.sub(alphas[i]!, beta)))
  }
  return tf.neg(r)
}

/**
 * A point along d where both conditions hold; failing that the furthest tried that f falls far enough to; failing that
 * the start. The interval [low, high] of t halves, or doubles where there is no high yet.
 */
const search = (at: (x: tf.Tensor) => Point, here: Point, d: tf.Tensor, evaluations: number): Point => {
  const slope = dot(here.gradient, d)
  let [low, high, t, isDone]: [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] = [
    tf.scalar(0),
    tf.scalar(Number.POSITIVE_INFINITY),
    tf.scalar(1),
    tf.scalar(false, "bool"),
  ]
  let best = here
  for (let i = 0; i < evaluations; i++) {
    const tried = at(tf.add(here.x, tf.mul(d, t)))
    // A value that is not finite is no fall, and neither is one that no finite gradient goes with.
    const isFall = tf.logicalAnd(
      tf.lessEqual(tried.value, tf.add(here.value, tf.mul(tf.mul(slope, t), SUFFICIENT))),
      tf.less(dot(tried.gradient, tried.gradient), Number.POSITIVE_INFINITY),
    )
    const isFlatter = tf.greaterEqual(dot(tried.gradient, d), tf.mul(slope, CURVATURE))
    best = chosen(tf.logicalAnd(isFall, tf.logicalNot(isDone)), tried, best)
    isDone = tf.logicalOr(isDone, tf.logicalAnd(isFall, isFlatter))
    low = tf.where(isFall, t, low)
    high = tf.where(isFall, high, t)
    const hasHigh = tf.less(high, Number.POSITIVE_INFINITY)
    const next = tf.where(hasHigh, tf.mul(tf.add(low, high), 0.5), tf.mul(low, 2))
    t = tf.where(isDone, t, next)
  }
  return best
}

const chosen = (isA: tf.Tensor, a: Point, b: Point): Point => ({
  x: tf.where(isA, a.x, b.x),
  value: tf.where(isA, a.value, b.value),
  gradient: tf.where(isA, a.gradient, b.gradient),
})

/** The history with one more pair, and the oldest gone; a pair without positive curvature says nothing and is left out. */
const remember = ({ steps, changes, inverse }: History, s: tf.Tensor, y: tf.Tensor): History => {
  const curvature = dot(s, y)
  const isUseful = tf.greater(curvature, tf.mul(dot(y, y), 1e-10))
  const rho = tf.where(isUseful, tf.div(1, tf.where(isUseful, curvature, 1)), 0)
  const push = (rows: tf.Tensor, row: tf.Tensor) => {
    const later = tf.slice(rows, 1)
    return tf.where(isUseful, tf.concat([later, tf.expandDims(row, 0)]), rows)
  }
  return { steps: push(steps, s), changes: push(changes, y), inverse: push(inverse, rho) }
}
