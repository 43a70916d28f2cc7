/**
 * Progress of long tasks, one or several at once. On a terminal: a line for each at the bottom, redrawn in place, with a
 * bar and the time left. Elsewhere (a file, a CI log): a plain line now and then.
 *
 * ```ts
 * const progress = yield* Progress
 * const task = yield* progress.task("fitting")
 * yield* task.at(0.42, "epoch 3/8")   // fitting ████▏      42%  epoch 3/8  0:31 left
 * yield* progress.line("a line that stays")
 * yield* task.end
 * ```
 */
import { Clock, Context, Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"

/** Something that takes a while. */
export interface Task {
  /** Shows that the share `done` (0 … 1) of the task is behind us, and what there is to say about it. */
  readonly at: (done: number, text: string) => Effect.Effect<void>
  /** Takes the task's line away. */
  readonly end: Effect.Effect<void>
}

/** Where progress is shown. */
export class Progress extends Context.Service<
  Progress,
  {
    /** Begins a task: its time is counted from here. */
    readonly task: (title: string) => Effect.Effect<Task>
    /** Prints a line that stays. */
    readonly line: (text: string) => Effect.Effect<void>
  }
>()("guidepost/examples/Progress") {
  /** Draws where standard output is a terminal; what is left of the bars is wiped when the scope closes. */
  static readonly layer = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const terminal = yield* Terminal.Terminal
      const { canAnimate } = yield* TerminalCapabilities.TerminalCapabilities
      const write = (text: string) => Effect.orDie(terminal.display(text))
      const every = canAnimate ? REDRAW : REPEAT
      const bars = new Map<object, string>()
      let drawn = 0
      const wiping = () => {
        const rows = drawn
        drawn = 0
        return rows === 0 ? "" : WIPE + `${UP}${WIPE}`.repeat(rows - 1)
      }
      const drawing = () => {
        drawn = bars.size
        return [...bars.values()].join("\n")
      }
      /** Puts `text` above the bars. */
      const above = (text: string) =>
        Effect.suspend(() => {
          const output = wiping() + text + drawing()
          return output === "" ? Effect.void : write(output)
        })
      yield* Effect.addFinalizer(() => {
        bars.clear()
        return above("")
      })

      return Progress.of({
        line: (text) => above(`${text}\n`),
        task: Effect.fnUntraced(function* (title) {
          const start = yield* Clock.currentTimeMillis
          let last = canAnimate ? 0 : start
          const task = {}
          const at = Effect.fnUntraced(function* (done: number, text: string) {
            const now = yield* Clock.currentTimeMillis
            if (now - last < every) return
            last = now
            const left = done > 0 ? `  ${duration(((now - start) * (1 - done)) / done)} left` : ""
            const percent = `${Math.floor(100 * done)}%`.padStart(4)
            if (!canAnimate) return yield* write(`${title} ${percent}  ${text}${left}\n`)
            // A line wider than the terminal would wrap, and could not be wiped.
            const line = `${title} ${bar(done)}${percent}  ${text}${left}`.slice(
              0,
              (yield* terminal.columns) - 1,
            )
            bars.set(task, line)
            yield* above("")
          })
          const end = Effect.suspend(() => (bars.delete(task) ? above("") : Effect.void))
          return { at, end }
        }),
      })
    }),
  )
}

/** Milliseconds as minutes and seconds, 1:05. */
export const duration = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** Milliseconds between two drawings of the bar, and between two plain lines. */
const REDRAW = 100
const REPEAT = 10_000

/** To the line's beginning, and clear it; to the line above. */
const WIPE = "\r\x1b[2K"
const UP = "\x1b[1A"

/** A bar whose end moves by eighths of a character. */
const bar = (done: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, done)) * WIDTH * 8)
  const full = "█".repeat(eighths >> 3)
  return (full + (eighths & 7 ? PARTS[eighths & 7] : "")).padEnd(WIDTH)
}

const WIDTH = 24
const PARTS = " ▏▎▍▌▋▊▉"
