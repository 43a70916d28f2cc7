/** Many chains at once: a program in a plate of chains, each member of which moves by itself; and how draws are judged. */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect } from "effect"
import { run } from "../../../src/effects/run.ts"
import { type Kernel, type KernelState, Key } from "../../../src/index.ts"
import { sum } from "../../effects/numbers.ts"

/** What chains came to: their last values, and the last step's metrics. */
export interface Ends<S> {
  readonly state: S
  readonly metrics: Readonly<Record<string, number>>
}

/** The state after so many steps. Its tensors are the caller's. */
export const ends = <S extends KernelState>(
  program: Effect.Effect<unknown, never, unknown>,
  kernel: Kernel<S>,
  steps: number,
  key = Key.key(0),
): Ends<S> => {
  const target = (options: Parameters<typeof run>[2]) => run(program, Context.empty(), options)
  const owned = <A>(body: () => A): A => tf.tidy(body as () => tf.TensorContainer) as A
  let state = owned(() => kernel.init(Key.foldInName(key, "init"), target))
  let metrics: Readonly<Record<string, number>> = {}
  for (let i = 0; i < steps; i++) {
    const before = state
    const [next, info] = owned(() => kernel.step(Key.foldIn(key, i), target, before))
    metrics = Object.fromEntries(Object.entries(info.metrics).map(([name, t]) => [name, t.dataSync()[0]!]))
    const kept = new Set(tensors(next).map((tensor) => tensor.id))
    for (const tensor of [...tensors(before), ...tensors(info)]) if (!kept.has(tensor.id)) tensor.dispose()
    state = next
  }
  return { state, metrics }
}

const tensors = (of: unknown) => tf.tensor_util.getTensorsInContainer(of as tf.TensorContainer)

/** Off by `errors` standard errors of a normal estimate: beyond 4.5 once in 150,000 where nothing is wrong. */
export const LIMIT = 4.5

/** Independent draws against an exact mean and variance: the fourth moment is the draws' own. */
export const expectMoments = (
  draws: ArrayLike<number>,
  exact: { readonly mean: number; readonly variance: number },
  what = "",
): void => {
  const x = Array.from(draws)
  const n = x.length
  const squares = x.map((x) => (x - exact.mean) ** 2)
  const spread = Math.sqrt(sum(squares.map((s) => (s - exact.variance) ** 2)) / n)
  const z = {
    mean: ((sum(x) / n - exact.mean) / Math.sqrt(exact.variance)) * Math.sqrt(n),
    variance: ((sum(squares) / n - exact.variance) / spread) * Math.sqrt(n),
  }
  expect(Math.abs(z.mean), `${what} mean: ${sum(x) / n}, not ${exact.mean}`).toBeLessThan(LIMIT)
  expect(Math.abs(z.variance), `${what} variance: ${sum(squares) / n}, not ${exact.variance}`).toBeLessThan(
    LIMIT,
  )
}

/** Independent draws of whole numbers from 0 against exact probabilities, each within {@link LIMIT}. */
export const expectShares = (
  draws: ArrayLike<number>,
  probabilities: ReadonlyArray<number>,
  what = "",
): void => {
  const x = Array.from(draws)
  probabilities.forEach((p, k) => {
    const share = x.filter((x) => x === k).length / x.length
    const z = (share - p) / Math.sqrt((p * (1 - p)) / x.length)
    expect(Math.abs(z), `${what} value ${k}: ${share}, not ${p}`).toBeLessThan(LIMIT)
  })
}
