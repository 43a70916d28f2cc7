/**
 * The ladder: one Gaussian mixture under expectation maximization, variational EM, Monte Carlo EM and amortized
 * variational inference, from the same start, on two sets of data. `npm run ladder` prints a table and draws a picture.
 *
 * All four raise the same bound, log p(x) = bound + KL(q ‖ p(z | x)). What differs is q: the exact posterior, a free
 * table of probabilities, draws, or a network that reads the observation. It ends with an error where a method ends
 * further below the maximum than is said here.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { CliError } from "effect/cli"
import { Backend } from "guidepost"
import * as Folder from "../lib/Folder.ts"
import { Progress } from "../lib/Progress.ts"
import { picture } from "./chart.ts"
import { type DataSet, oldFaithful, threeClouds } from "./data.ts"
import { climb, type Rung } from "./rungs.ts"

/** Nats below the maximum at which each method may end: for draws and networks there is noise in it. */
const allowed: Readonly<Record<string, number>> = {
  EM: 0,
  "variational EM": 0.5,
  "Monte Carlo EM": 3,
  "amortized VI": 3,
}

const table = (data: DataSet, rungs: ReadonlyArray<Rung>): string => {
  const number = (x: number | undefined) => (x === undefined ? "—" : x.toFixed(2)).padStart(12)
  const head = `${data.title}\n${"".padEnd(16)}${["log p(x)", "bound", "gap", "iterations", "seconds"].map((h) => h.padStart(12)).join("")}`
  const rows = rungs.map(({ method, logLikelihood, bound, iterations, seconds }) => {
    const gap = bound === undefined ? undefined : logLikelihood - bound
    return `${method.padEnd(16)}${number(logLikelihood)}${number(bound)}${number(gap)}${String(iterations).padStart(12)}${number(seconds)}`
  })
  return [head, ...rows].join("\n")
}

const job = Effect.gen(function* () {
  const { line } = yield* Progress
  const { write, summary } = yield* Folder.open("out/ladder")
  const climbed: Array<readonly [DataSet, ReadonlyArray<Rung>]> = []
  for (const make of [oldFaithful, threeClouds]) {
    const data = yield* make
    const rungs = yield* climb(data)
    yield* line(`\n${table(data, rungs)}`)
    climbed.push([data, rungs])
  }
  yield* write(
    "ladder.png",
    yield* picture(climbed),
    "contours, responsibilities, and the bound against time",
  )
  yield* line(`\nWritten:\n${summary()}`)
  for (const [{ title }, rungs] of climbed) {
    const best = rungs[0]!.logLikelihood
    for (const { method, logLikelihood } of rungs) {
      if (best - logLikelihood <= allowed[method]!) continue
      const userMessage = `${title}, ${method}: ${(best - logLikelihood).toFixed(2)} nats below the maximum`
      return yield* new CliError.UserError({ cause: undefined, userMessage })
    }
  }
})

await Effect.runPromise(
  job.pipe(
    Effect.scoped,
    Effect.provide(Progress.layer),
    Effect.provide(NodeServices.layer),
    Effect.provide(Backend.wasm()),
  ),
)
