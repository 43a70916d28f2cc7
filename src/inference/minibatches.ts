/** Whether programs know which part of the data they are given: by plates as large as the data. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { PlateError } from "../effects/errors.ts"
import { attempt, type Recording } from "../effects/run.ts"
import type * as Key from "../tensor/Key.ts"
import type { FitError } from "./FitOptions.ts"
import { firstBatch } from "./Loop.ts"
import { onBatch, type ProgramPair, pair } from "./programs.ts"
import type { Source } from "./Source.ts"

/**
 * Under minibatches some observed site or factor must lie in a plate as large as the data: otherwise the likelihood of a
 * batch would stand for that of all the data, and the posterior of anything global would come out too wide.
 */
export const checkMinibatches = <D, E>(
  programs: ProgramPair<D>,
  source: Source<D>,
  key: Key.Key,
): Effect.Effect<void, E | FitError> => {
  if (source.batchSize >= source.size) return Effect.void
  return Effect.flatMap(firstBatch(source), (take) =>
    attempt<void, E>(() =>
      tf.tidy(() => {
        const batch = take(key)
        const [, model] = pair(onBatch(programs, batch), key, false)
        const found = platesOf(model)
        if (!found.some(({ size }) => size === source.size)) {
          throw new PlateError({
            plate: found.map(({ name }) => name).join(", "),
            expected: `an observed site or factor in a plate of size ${source.size}, the rows of the data, since batches hold ${source.batchSize}`,
            found: found.length === 0 ? "no plate" : `sizes ${found.map(({ size }) => size).join(", ")}`,
          })
        }
      }),
    ),
  )
}

/**
 * With all the data at once, their plate must be as large as they are: a larger one would count each row more than once.
 * `rows` is 1 where the data have no rows to count.
 */
export const checkWhole = (model: Recording, rows: number): void => {
  const found = platesOf(model).filter(({ extent }) => extent === rows)
  const larger = found.find(({ size }) => size > rows)
  if (rows === 1 || larger === undefined || found.some(({ size }) => size === rows)) return
  throw new PlateError({
    plate: larger.name,
    expected: `size ${rows}, the rows of the data, which are all present (for a part of larger data give a batchSize)`,
    found: `size ${larger.size}, so that each row would count ${larger.size / rows} times`,
  })
}

const platesOf = (model: Recording) =>
  [...[...model.samples.values()].filter((site) => site.observed), ...model.factors.values()].flatMap(
    (site) => site.plates,
  )
