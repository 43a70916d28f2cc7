/**
 * Fits that are killed, and end as if they had not been: `npm run survive`.
 *
 * Each fit runs once in peace. Then it runs again and is killed (SIGKILL: nothing is cleaned up) at a random moment, also
 * in the middle of writing a checkpoint, and started again, and so on; then it is left to its end. The parameters must be
 * the same bytes. It ends with an error where they are not.
 */
import { spawn } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { CliConfig, CliError, Command, Flag, GlobalFlag } from "effect/cli"
import { Key } from "guidepost"
import { Progress } from "../lib/Progress.ts"

const names = ["vae", "mixture"] as const

type Name = (typeof names)[number]

/** Runs the fit in a process of its own; if `mercy` is given it is killed so many milliseconds after its first step. */
const runFit = (name: Name, folder: string, length: number, mercy?: number) =>
  Effect.promise(
    () =>
      new Promise<{ readonly killed: boolean; readonly failure: string | undefined }>((resolve) => {
        const file = fileURLToPath(new URL("fits.ts", import.meta.url))
        const args = ["--conditions=guidepost-source", file, name, folder, String(length)]
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
        let errors = ""
        child.stderr.on("data", (text) => {
          errors += text
        })
        child.stdout.once("data", () => {
          if (mercy !== undefined) setTimeout(() => child.kill("SIGKILL"), mercy)
        })
        child.on("close", (code) =>
          resolve({ killed: code === null, failure: code === 0 || code === null ? undefined : errors }),
        )
      }),
  ).pipe(
    Effect.flatMap(({ killed, failure }) =>
      failure === undefined
        ? Effect.succeed(killed)
        : Effect.fail(new CliError.UserError({ cause: failure })),
    ),
  )

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "guidepost-survive-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
)

/** Kills a fit `kills` times, and compares its end with that of one that nobody touched. */
const survive = Effect.fnUntraced(function* (name: Name, kills: number, length: number, seed: number) {
  const progress = yield* Progress
  const task = yield* progress.task(name)
  const peaceful = yield* temporary
  const haunted = yield* temporary
  yield* task.at(0, "in peace")
  yield* runFit(name, peaceful, length)
  const delays = Key.uniformValues(Key.foldInName(Key.key(seed), name), [kills])
  let killed = 0
  for (const delay of delays) {
    yield* task.at((killed + 1) / (kills + 2), `killed ${killed} times`)
    if (!(yield* runFit(name, haunted, length, Math.round(500 * delay)))) break
    killed++
  }
  yield* runFit(name, haunted, length)
  const [one, other] = yield* Effect.promise(() =>
    Promise.all([peaceful, haunted].map((folder) => readFile(join(folder, "params.safetensors")))),
  )
  const same = one!.equals(other!)
  const text = `${name}: killed ${killed} times in ${length} steps, ${same ? "the same" : "NOT the same"} ${one!.length} bytes`
  yield* progress.line(text)
  if (!same || killed < kills) return yield* new CliError.UserError({ cause: text })
}, Effect.scoped)

const command = Command.make(
  "survive",
  {
    kills: Flag.Int("kills").pipe(Flag.withDefault(20), Flag.withDescription("how often each fit is killed")),
    steps: Flag.Int("steps").pipe(Flag.withDefault(400), Flag.withDescription("how long each fit is")),
    seed: Flag.Int("seed").pipe(Flag.withDefault(0), Flag.withDescription("of the random moments")),
  },
  Effect.fnUntraced(function* ({ kills, steps, seed }) {
    for (const name of names) yield* survive(name, kills, steps, seed)
  }),
).pipe(Command.withDescription("Kills fits at random moments, and shows that they end all the same."))

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide(Progress.layer),
  Effect.provide([NodeServices.layer, CliConfig.layer({ builtIns: [GlobalFlag.Help] })]),
  NodeRuntime.runMain,
)
