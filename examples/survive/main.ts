/**
 * Fits that are killed, and end as if they had not been: `npm run survive`.
 *
 * Each fit runs once in peace. Then it runs again and is killed (SIGKILL: nothing is cleaned up) at a random moment, also
 * in the middle of writing a checkpoint, and started again, and so on; then it is left to its end. One that ends before its
 * next kill gives way to another, until there have been as many kills as were asked for. Whenever one ends, its parameters
 * must be the same bytes. The program fails where they are not, and where it could not show what it set out to.
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

/** What became of a process that ran a fit. */
interface Life {
  readonly killed: boolean
  /** The first step that it took: 1, or the one after its checkpoint. */
  readonly first: number
  /** Milliseconds from there to its end. */
  readonly span: number
}

/** Runs the fit in a process of its own; if `mercy` is given it is killed so many milliseconds after its first step. */
const runFit = (name: Name, folder: string, length: number, mercy?: number) =>
  Effect.callback<Life, CliError.UserError>((resume) => {
    const file = fileURLToPath(new URL("fits.ts", import.meta.url))
    const args = ["--conditions=guidepost-source", file, name, folder, String(length)]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    let [errors, first, began] = ["", 0, 0]
    let timer: NodeJS.Timeout | undefined
    child.stderr.on("data", (text) => {
      errors += text
    })
    child.stdout.once("data", (step) => {
      first = Number(step)
      began = performance.now()
      if (mercy !== undefined) timer = setTimeout(() => child.kill("SIGKILL"), mercy)
    })
    child.on("error", (error) => resume(failure(String(error))))
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      // A process that something else killed has shown nothing.
      const killed = signal === "SIGKILL" && child.killed
      if (code !== 0 && !killed) return resume(failure(`${name} ended with ${signal ?? code}: ${errors}`))
      resume(Effect.succeed({ killed, first, span: performance.now() - began }))
    })
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

const failure = (text: string) => Effect.fail(new CliError.UserError({ cause: text }))

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "guidepost-survive-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
)

const paramsIn = (folder: string) => Effect.promise(() => readFile(join(folder, "params.safetensors")))

/** Kills fits `kills` times, and compares their ends with that of one that nobody touched. */
const survive = Effect.fnUntraced(function* (name: Name, kills: number, length: number, seed: number) {
  const progress = yield* Progress
  const task = yield* progress.task(name)
  yield* task.at(0, "in peace")
  const peaceful = yield* temporary
  const { span } = yield* runFit(name, peaceful, length)
  const params = yield* paramsIn(peaceful)

  const key = Key.foldInName(Key.key(seed), name)
  let [killed, ended, furthest] = [0, 0, 0]
  let folder = yield* temporary
  for (let life = 0; ended === 0 || killed < kills; life++) {
    yield* task.at((killed + 1) / (kills + 2), `killed ${killed} times`)
    // On average the kills fall evenly on the length of one fit.
    const mercy = (2 * span * Key.uniformValues(Key.foldIn(key, life), [1])[0]!) / (kills + 1)
    const found = yield* runFit(name, folder, length, killed < kills ? mercy : undefined)
    furthest = Math.max(furthest, found.first)
    if (found.killed) {
      killed++
      continue
    }
    ended++
    if (!params.equals(yield* paramsIn(folder))) {
      return yield* failure(
        `${name}: killed ${killed} times in ${length} steps, and its parameters are NOT the same`,
      )
    }
    if (ended > kills) return yield* failure(`${name} ends before it can be killed: raise --steps`)
    if (killed < kills) folder = yield* temporary
  }
  if (furthest <= 1)
    return yield* failure(`${name} was killed before it had a checkpoint to go on from: raise --steps`)
  yield* task.end
  yield* progress.line(
    `${name}: killed ${killed} times in ${length} steps, gone on at up to step ${furthest}; ` +
      `${ended === 1 ? "it ended" : `${ended} such fits ended`} with the same ${params.length} bytes`,
  )
}, Effect.scoped)

/** A flag that takes a whole number from 1 up. */
const count = (name: string, otherwise: number, description: string) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`${description} (default ${otherwise})`),
    Flag.filter(
      (n) => n >= 1,
      () => "a whole number, 1 or more",
    ),
    Flag.withDefault(otherwise),
  )

const command = Command.make(
  "survive",
  {
    kills: count("kills", 20, "How often each fit is killed"),
    steps: count("steps", 400, "How long each fit is"),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription("Seed of the random moments, which depend on the machine besides (default 0)"),
      Flag.filter(
        (seed) => seed >= 0 && seed < 2 ** 32,
        () => "a whole number from 0 to 4294967295",
      ),
      Flag.withDefault(0),
    ),
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
