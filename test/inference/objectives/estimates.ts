/** Gradients of objectives, many at once and one by one, and their moments. */
import * as tf from "@tensorflow/tfjs-core"
import { Context } from "effect"
import type { Estimate, Memory, Objective } from "../../../src/inference/Objective.ts"
import { onBatch, synchronous } from "../../../src/inference/programs.ts"
import { constrained } from "../../../src/inference/svi.ts"
import { valueAndGradient } from "../../../src/tensor/gradient.ts"
import * as Key from "../../../src/tensor/Key.ts"
import type { At, World } from "./worlds.ts"

export interface Gradients {
  /** By parameter, one number for each repeat. */
  readonly gradient: Readonly<Record<string, ArrayLike<number>>>
  readonly value: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Estimates of the gradient at `at`: `repeats` of them, or one. */
export const gradients = (
  world: World,
  objective: Objective<never, string>,
  key: Key.Key,
  repeats?: number,
  memory: Memory = {},
  at: At = world.at,
): Gradients =>
  tf.tidy(() => {
    const params = Object.fromEntries(
      Object.entries(at).map(([name, value]) => [
        name,
        repeats === undefined ? tf.scalar(value) : tf.fill([repeats], value),
      ]),
    )
    const programs = synchronous(
      () => world.model(repeats),
      () => world.guide(repeats),
      Context.empty() as never,
    )
    const { value, aux, gradient } = valueAndGradient(params, (params) => {
      const given = onBatch({ ...programs, sumsOut: objective.sumsOut }, undefined, [constrained(params)])
      const found: Estimate = objective.estimate(given, key, true, { step: 0, memory })
      return { value: found.loss, aux: found.metrics }
    })
    const read = (tensors: Readonly<Record<string, tf.Tensor>>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync()]))
    return {
      gradient: read(gradient),
      value: value.dataSync()[0]!,
      metrics: Object.fromEntries(Object.entries(read(aux)).map(([name, [number]]) => [name, number!])),
    }
  })

/** As {@link gradients}, without the plate of repeats. */
export const oneByOne = (
  world: World,
  objective: Objective<never, string>,
  repeats: number,
  memory: Memory = {},
): Gradients["gradient"] => {
  const found = Array.from({ length: repeats }, (_, i) =>
    gradients(world, objective, Key.key(i), undefined, memory),
  )
  return Object.fromEntries(
    Object.keys(world.at).map((name) => [name, found.map(({ gradient }) => gradient[name]![0]!)]),
  )
}

export const moments = (values: ArrayLike<number>) => {
  const n = values.length
  const list = Array.from(values)
  const mean = list.reduce((sum, x) => sum + x, 0) / n
  const squares = list.map((x) => (x - mean) ** 2)
  const variance = squares.reduce((sum, x) => sum + x, 0) / (n - 1)
  const spread = squares.reduce((sum, x) => sum + (x - variance) ** 2, 0) / (n - 1)
  return { mean, variance, error: Math.sqrt(variance / n), varianceError: Math.sqrt(spread / n) }
}
