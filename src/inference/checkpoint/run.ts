/**
 * A driver that can be taken up where another left off: what every fit stands on, whatever its algorithm.
 *
 * Beside the driver's position a fit has a journal, what it has seen so far: its history, its patience. The two together
 * are a checkpoint.
 */
import { Effect, Exit, Result, Scope } from "effect"
import type { DataError } from "../../data/errors.ts"
import { isProgramError, type ProgramError } from "../../effects/errors.ts"
import type { InvalidArgument } from "../../tensor/errors.ts"
import type { Key } from "../../tensor/Key.ts"
import type { HostTree } from "../../tensor/Tree.ts"
import type { Algorithm } from "../Algorithm.ts"
import { CheckpointError } from "../errors.ts"
import { type Driver, type NonFinitePolicy, type Position, start } from "../Loop.ts"
import type { Metrics } from "../metrics.ts"
import type { Source } from "../Source.ts"
import { reporting, Telemetry } from "../Telemetry.ts"
import { checkAbout, checkState } from "./agree.ts"
import type { Checkpoint } from "./Checkpoint.ts"
import { freeze, thaw } from "./freeze.ts"
import { type CheckpointOptions, keeper } from "./keep.ts"

/** What every fit can be asked for, so that it survives what interrupts it. */
export interface SurvivalOptions {
  /** Writes checkpoints, for {@link resume} to read. */
  readonly checkpoint?: CheckpointOptions
  /** Goes on from a checkpoint as if the fit had never stopped, to the bit. How long it runs may be chosen anew. */
  readonly resume?: Checkpoint | undefined
  /** Told, when the fit is interrupted, how far it has come. Its tensors are gone by then: all is on the host. */
  readonly onInterrupt?: (partial: Interrupted) => Effect.Effect<void>
}

/** A fit that was cut off: a result all the same, and where to go on from. */
export interface Interrupted {
  /** Every parameter, constrained, by path: `decoder/w`. */
  readonly params: HostTree
  /** Those of the fit's last report. */
  readonly metrics: Metrics
  readonly steps: number
  /** For the option `resume` of the same fit. */
  readonly checkpoint: Checkpoint
}

/** A driver, and the journal that a checkpoint gave back. */
export interface Run<B, S, J, E> {
  readonly driver: Driver<B, S, E>
  readonly journal: J | undefined
  /** The fit now. Fails where its scope has closed. */
  readonly checkpoint: (journal: J) => Effect.Effect<Checkpoint, CheckpointError>
  /** Writes a checkpoint if it is time to. */
  readonly after: (journal: () => J) => Effect.Effect<void, CheckpointError>
  /** Writes a checkpoint, if the fit writes any. */
  readonly write: (journal: J) => Effect.Effect<void, CheckpointError>
}

/** Starts an algorithm, or takes it up. `J` must be records, arrays, numbers and text. */
export const begin = Effect.fnUntraced(function* <B, S extends object, J, E>(
  algorithm: Algorithm<B, S>,
  source: Source<B>,
  options: {
    readonly name: string
    readonly key: Key
    readonly nonFinite: NonFinitePolicy
    readonly checkpoint: CheckpointOptions | undefined
    readonly resume: Checkpoint | undefined
  },
): Effect.fn.Return<
  Run<B, S, J, E>,
  E | ProgramError | DataError | InvalidArgument | CheckpointError,
  Scope.Scope
> {
  const { name, key, nonFinite, checkpoint, resume } = options
  if (resume !== undefined) yield* checkAbout(resume, { algorithm: name, source })
  const keeping = checkpoint && (yield* keeper(checkpoint, resume))
  let journal: J | undefined
  const silent = yield* start<B, S, E, CheckpointError>(algorithm, source, {
    key,
    nonFinite,
    from:
      resume &&
      ((first) => {
        const saved = read<S, J>(resume)
        if (saved === undefined) return Result.fail(strange(resume))
        const problem = checkState({ state: first }, { state: saved.position.state }, resume.name)
        if (problem !== undefined) return Result.fail(problem)
        journal = saved.journal
        const good = nonFinite === "restore" ? (saved.position.good ?? saved.position.state) : undefined
        return Result.succeed({ ...saved.position, good })
      }),
  })
  const driver = reporting(silent, name, yield* Telemetry)
  const { size, batchSize, order } = source
  const now = (journal: J): Checkpoint => {
    const position = driver.position()
    const about = {
      algorithm: name,
      key: { hi: key.hi, lo: key.lo },
      size,
      batchSize,
      step: position.step,
      ...(order !== undefined && { order }),
    }
    return { about, name: "in memory", frozen: freeze({ ...position, journal }) }
  }
  const snapshot = (journal: J): Effect.Effect<Checkpoint, CheckpointError> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(now(journal))
      } catch (thrown) {
        return isProgramError(thrown)
          ? Effect.fail(unwritable(checkpoint, thrown.message))
          : Effect.die(thrown)
      }
    })
  return {
    driver,
    journal,
    checkpoint: snapshot,
    after: (journal) =>
      keeping === undefined
        ? Effect.void
        : keeping.whenDue(
            driver.position().step,
            Effect.suspend(() => snapshot(journal())),
          ),
    write: (journal) =>
      keeping === undefined ? Effect.void : Effect.flatMap(snapshot(journal), keeping.write),
  }
})

/**
 * Runs `use` in a scope of its own, which closes at once when it fails or is interrupted, and otherwise with the scope
 * around it: a fit that is cut off leaves nothing, however long its surroundings live.
 */
export const inOwnScope = <A, E, R>(use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (outer) =>
      Effect.flatMap(Scope.fork(outer), (scope) =>
        Effect.onExit(restore(Scope.provide(use, scope)), (exit) =>
          Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit),
        ),
      ),
    ),
  )

/** What is done while a fit is being interrupted has nobody to fail to: it is logged. */
export const reportingFailure = <E extends { readonly message: string }>(
  salvage: Effect.Effect<void, E>,
): Effect.Effect<void> =>
  Effect.catch(salvage, ({ message }) =>
    Effect.logWarning(`an interrupted fit could not be saved: ${message}`),
  )

/** A checkpoint's tensors, for the caller's tidy. */
const read = <S, J>({ frozen }: Checkpoint): { position: Position<S>; journal: J } | undefined => {
  const value = thaw(frozen) as Partial<Position<S>> & { readonly journal?: J }
  const { journal, ...position } = value
  const counts = [position.step, position.epoch, position.batch, position.skips, position.restores]
  const isWhole = counts.every((n) => typeof n === "number") && position.state !== undefined
  return isWhole ? { position: position as Position<S>, journal: journal as J } : undefined
}

const strange = ({ name }: Checkpoint): CheckpointError =>
  new CheckpointError({
    path: name,
    expected: "the position of a fit",
    found: "something else",
    advice: "it was not written by this library",
  })

const unwritable = (checkpoint: CheckpointOptions | undefined, found: string): CheckpointError =>
  new CheckpointError({
    path: checkpoint?.path ?? "in memory",
    expected: "a fit whose scope is open, with a state that can be written",
    found,
    advice: "take it before the scope of the fit closes",
  })
