/**
 * Ctrl-C in two steps: the first asks the program to come to an end and keep what it has, the second quits.
 *
 * ```ts
 * const stop = yield* Stop
 * const fit = yield* fitSVI(model, guide, data, { until: stop.requested })
 * ```
 *
 * The process exits with 0 when the program ends well, asked or not; with 130 when it is quit; with 1 when it fails.
 */
import { Context, Deferred, Effect, Exit, Runtime } from "effect"

/** Whether the person at the terminal has asked for an end. */
export class Stop extends Context.Service<
  Stop,
  {
    /** Completes when an end is asked for. */
    readonly requested: Effect.Effect<void>
    readonly isRequested: Effect.Effect<boolean>
  }
>()("guidepost/examples/Stop") {}

/** Runs a program as the process: in place of `NodeRuntime.runMain`, which quits at the first Ctrl-C. */
export const runMain = <A, E>(program: Effect.Effect<A, E, Stop>): void => {
  const asked = Deferred.makeUnsafe<void>()
  const stop = Stop.of({ requested: Deferred.await(asked), isRequested: Deferred.isDone(asked) })
  const run = Runtime.makeRunMain(({ fiber, teardown }) => {
    let deaf = false
    const hear = () => {
      deaf = false
    }
    const onSigint = () => {
      // npm passes the terminal's signal on to a process that has it already: two in a row are one Ctrl-C. The echo
      // may wait while a step or a picture holds the event loop; it is heard before the immediate that ends this.
      if (deaf) return
      deaf = true
      setTimeout(() => setImmediate(hear), ONE_KEYSTROKE).unref()
      if (Deferred.isDoneUnsafe(asked)) fiber.interruptUnsafe()
      else Deferred.doneUnsafe(asked, Exit.void)
    }
    const onSigterm = () => fiber.interruptUnsafe()
    process.on("SIGINT", onSigint)
    process.on("SIGTERM", onSigterm)
    fiber.addObserver((exit) => {
      process.off("SIGINT", onSigint)
      process.off("SIGTERM", onSigterm)
      teardown(exit, (code) => {
        process.exitCode = code
        if (code === QUIT) process.exit()
      })
    })
  })
  run(Effect.provideService(program, Stop, stop))
}

/** Milliseconds. */
const ONE_KEYSTROKE = 300

/** What `teardown` gives for an interruption. */
const QUIT = 130
