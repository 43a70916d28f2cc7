/**
 * How a fit runs: what a user may choose, and what is refused before the first step.
 */
import { Effect } from "effect"
import type { DataError } from "../data/errors.ts"
import type { Gradient } from "../distributions/Distribution.ts"
import type { ProgramError } from "../effects/errors.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import type * as Key from "../tensor/Key.ts"
import type { Tree } from "../tensor/Tree.ts"
import type { SurvivalOptions } from "./checkpoint/run.ts"
import type { CheckpointError, NonFinite } from "./errors.ts"
import type { EpochReport, NonFinitePolicy, StepReport } from "./Loop.ts"
import type { Objective } from "./Objective.ts"
import type { Optimizer } from "./Optimizer.ts"
import type { Data, Source } from "./Source.ts"

/** What a fit can fail with, besides the programs' own failures. */
export type FitError = ProgramError | DataError | NonFinite | CheckpointError

/** Held-out data, evaluated at the end of every `every`-th epoch (default: every epoch). */
export interface HeldOut<D> {
  readonly data: Data<D>
  readonly batchSize?: number
  readonly every?: number
}

/**
 * Stops a fit whose ELBO has not risen by `minDelta` (default 0) for `patience` epochs (with held-out data: its ELBO,
 * for as many evaluations). However such a fit ends, it goes back to the best parameters.
 */
export interface EarlyStopping {
  readonly patience: number
  readonly minDelta?: number
}

/** How a fit runs. */
export interface FitOptions<D, G extends Gradient = Gradient, S extends string = string>
  extends SurvivalOptions {
  /** The seed of everything random; default `Key.key(0)`. The same key gives the same fit, bit for bit. */
  readonly key?: Key.Key
  /** How long, in steps or in epochs: not both. Default 1,000 steps, or 10 epochs where there are minibatches. */
  readonly steps?: number
  readonly epochs?: number
  /** Rows of a minibatch. Default: all the data at once. */
  readonly batchSize?: number
  /** Default `adam(1e-3)`. */
  readonly optimizer?: Optimizer
  /** Default `elbo()`. */
  readonly objective?: Objective<G, S>
  readonly heldOut?: HeldOut<D>
  readonly earlyStopping?: EarlyStopping
  /**
   * What to do with a step that is not finite: fail with `NonFinite` (the default), leave it out, or go back to the last
   * good state and take smaller steps from there.
   */
  readonly nonFinite?: NonFinitePolicy
  /** First values of parameters, constrained; those not named start at their `init`. */
  readonly params?: { readonly [name: string]: Tree }
  /** Called after each step, and at the end of each epoch: progress. */
  readonly onStep?: (report: StepReport) => Effect.Effect<void>
  readonly onEpoch?: (report: EpochReport) => Effect.Effect<void>
  /** When this effect completes, the fit stops after the step under way and returns what it has. */
  readonly until?: Effect.Effect<unknown>
}

/** How long a fit with these options runs. */
export const lengthOf = <D>(
  options: FitOptions<D, never>,
  source: Source<D>,
): { readonly steps: number | undefined; readonly epochs: number | undefined } => {
  if (options.steps !== undefined || options.epochs !== undefined) {
    return { steps: options.steps, epochs: options.epochs }
  }
  return source.whole ? { steps: 1_000, epochs: undefined } : { steps: undefined, epochs: 10 }
}

/** Refuses options that contradict each other or are out of range, before anything is made. */
export const checkOptions = <D>(
  options: FitOptions<D, never>,
  optimizer: Optimizer,
): Effect.Effect<void, InvalidArgument> => {
  const refuse = (where: string, expected: string, found: unknown) =>
    Effect.fail(new InvalidArgument({ where: `fitSVI: ${where}`, expected, found: String(found) }))
  const { steps, epochs, earlyStopping, heldOut } = options
  if (steps !== undefined && epochs !== undefined) {
    return refuse("steps, epochs", "one of the two", `steps ${steps} and epochs ${epochs}`)
  }
  const counts: ReadonlyArray<readonly [string, number | undefined]> = [
    ["steps", steps],
    ["epochs", epochs],
    ["earlyStopping.patience", earlyStopping?.patience],
    ["heldOut.every", heldOut?.every],
  ]
  for (const [name, count] of counts) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
      return refuse(name, "a whole number, at least 1", count)
    }
  }
  const { nonFinite } = options
  if (nonFinite !== undefined && !["fail", "skip", "restore"].includes(nonFinite)) {
    return refuse("nonFinite", '"fail", "skip" or "restore"', nonFinite)
  }
  const minDelta = earlyStopping?.minDelta
  if (minDelta !== undefined && !(minDelta >= 0 && Number.isFinite(minDelta))) {
    return refuse("earlyStopping.minDelta", "a finite number, at least 0", minDelta)
  }
  return optimizer.problem === undefined ? Effect.void : Effect.fail(optimizer.problem)
}
