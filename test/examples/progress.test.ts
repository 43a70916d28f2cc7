/** Progress on a terminal: a line for each task, redrawn in place; what stays stands above; nothing is left at the end. */
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { TestClock } from "effect/testing"
import { Progress } from "../../examples/lib/Progress.ts"

/** What a screen shows after this output: a cursor, and the three sequences that are used. */
const screen = (output: string): ReadonlyArray<string> => {
  const rows = [""]
  let row = 0
  let column = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are spoken to in control characters
  for (const [token] of output.matchAll(/\x1b\[2K|\x1b\[1A|[\s\S]/g)) {
    if (token === "\x1b[2K") rows[row] = ""
    else if (token === "\x1b[1A") row--
    else if (token === "\r") column = 0
    else if (token === "\n") {
      row++
      column = 0
      rows[row] ??= ""
    } else {
      rows[row] = rows[row]!.padEnd(column).slice(0, column) + token + rows[row]!.slice(column + 1)
      column++
    }
  }
  return rows.map((text) => text.trimEnd())
}

it.effect("shows several tasks at once", () =>
  Effect.gen(function* () {
    let output = ""
    const terminal = Layer.succeed(Terminal.Terminal, {
      columns: Effect.succeed(80),
      display: (text: string) =>
        Effect.sync(() => {
          output += text
        }),
    } as never)
    const shown = () => screen(output)
    const starts = (line: string | undefined, title: string, text: string) => {
      expect(line).toMatch(new RegExp(`^${title} `))
      expect(line).toContain(text)
    }
    const program = Effect.gen(function* () {
      const progress = yield* Progress
      const [a, b] = [yield* progress.task("first"), yield* progress.task("second")]
      const tick = TestClock.adjust("200 millis")
      yield* tick
      yield* a.at(0.25, "ELBO -3")
      yield* b.at(0.5, "ELBO -5")
      starts(shown()[0], "first", "25%  ELBO -3")
      starts(shown()[1], "second", "50%  ELBO -5")
      yield* tick
      yield* a.at(0.75, "ELBO -2")
      yield* progress.line("epoch 1")
      expect(shown()[0]).toBe("epoch 1")
      starts(shown()[1], "first", "75%  ELBO -2")
      starts(shown()[2], "second", "50%")
      yield* a.end
      starts(shown()[1], "second", "50%")
      expect(shown()[2]).toBe("")
    })
    yield* program.pipe(
      Effect.provide(Progress.layer),
      Effect.provideService(TerminalCapabilities.TerminalCapabilities, {
        canAnimate: true,
        canColor: true,
        canPrompt: true,
      }),
      Effect.provide(terminal),
    )
    expect(shown().filter((line) => line !== "")).toEqual(["epoch 1"])
  }),
)
