/**
 * Measures contenders against one another. They take turns, round after round (A B C A B C …), so that a noisy
 * moment of the machine falls on all of them; a contender may live in a process of its own, so that neither
 * tfjs's global registries nor one heap's garbage are shared.
 *
 * ```ts
 * const cases = [{ case: "step", unit: "ms", guidepost: inProcess(step), peers: { other: await inChild(url, "f") } }]
 * report(await measure(cases, { rounds: 20, warmup: 3 }), { json: process.argv.includes("--json") })
 * ```
 */
import { fork } from "node:child_process"
import { once } from "node:events"

/** Something that can be timed. */
export interface Contender {
  /** Runs `steps` steps; the milliseconds each took. */
  readonly run: (steps: number) => Promise<ReadonlyArray<number>>
  readonly dispose: () => Promise<void>
}

/** What a contender's factory makes. */
export interface Stepper {
  readonly step: () => unknown
  readonly dispose: () => void
}

export interface Case {
  readonly case: string
  readonly unit: "ms"
  readonly guidepost: Contender
  readonly peers: Readonly<Record<string, Contender>>
}

export interface MeasureOptions {
  /** Turns that count for each contender. */
  readonly rounds: number
  /** Turns before those, which do not. */
  readonly warmup: number
  /** Steps a turn; default 5, the median of which is the turn's time. */
  readonly steps?: number
}

/** Median milliseconds a step, and how many times as long each peer takes (above 1: Guidepost is faster). */
export interface Result {
  readonly case: string
  readonly unit: string
  readonly guidepost: number
  readonly peers: Readonly<Record<string, number>>
  readonly ratios: Readonly<Record<string, number>>
  /** The 10% and 90% quantiles over the rounds of each ratio. */
  readonly spreads: Readonly<Record<string, readonly [low: number, high: number]>>
}

/** Runs the cases one after another and disposes of their contenders, also where one of them fails. */
export const measure = async (
  cases: ReadonlyArray<Case>,
  options: MeasureOptions,
): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  for (const one of cases) {
    const contenders = Object.entries({ guidepost: one.guidepost, ...one.peers })
    try {
      const times = await takeTurns(contenders, options)
      results.push(summarize(one, times))
    } finally {
      for (const [, contender] of contenders) await contender.dispose()
    }
  }
  return results
}

/** A table for people, or with `json` one line a case. */
export const report = (results: ReadonlyArray<Result>, options: { readonly json: boolean }): void => {
  if (options.json) {
    for (const { spreads: _, ...line } of results) console.log(JSON.stringify(line))
    return
  }
  for (const result of results) {
    console.log(`${result.case} (${result.unit}, median; ratio = peer ÷ guidepost, 10–90% of rounds)`)
    console.log(`  ${"guidepost".padEnd(NAME)}${result.guidepost.toFixed(2).padStart(NUMBER)}`)
    for (const [name, time] of Object.entries(result.peers)) {
      const [low, high] = result.spreads[name]!
      const ratio = `${result.ratios[name]!.toFixed(2)}× (${low.toFixed(2)}–${high.toFixed(2)})`
      console.log(`  ${name.padEnd(NAME)}${time.toFixed(2).padStart(NUMBER)}   ${ratio}`)
    }
  }
}

const NAME = 30
const NUMBER = 9

/** A contender in this process. */
export const inProcess = ({ step, dispose }: Stepper): Contender => ({
  run: async (steps) => timed(step, steps),
  dispose: async () => dispose(),
})

/**
 * A contender in a process of its own, ready when the promise is: there `module`'s export `name` is called with
 * `args` (structured clones) and gives a Stepper or a promise of one. Rejects with the child's error.
 */
export const inChild = async (
  module: URL,
  name: string,
  args: ReadonlyArray<unknown> = [],
): Promise<Contender> => {
  const child = fork(new URL(import.meta.url), [CHILD], { serialization: "advanced" })
  const exit = once(child, "exit")
  const ended = exit.then((): Reply => ({ error: "its process ended" }))
  const ask = async (message: Request): Promise<ReadonlyArray<number>> => {
    const answer = new Promise<Reply>((resolve) => child.once("message", resolve))
    child.send(message)
    const reply = await Promise.race([answer, ended])
    if (reply.error !== undefined) throw new Error(`${name}: ${reply.error}`)
    return reply.times ?? []
  }
  const dispose = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.disconnect()
    await exit
  }
  try {
    await ask({ module: module.href, name, args })
  } catch (error) {
    await dispose()
    throw error
  }
  return { run: (steps) => ask({ steps }), dispose }
}

type Request =
  | { readonly module: string; readonly name: string; readonly args: ReadonlyArray<unknown> }
  | { readonly steps: number }
interface Reply {
  readonly times?: ReadonlyArray<number>
  readonly error?: string
}

/** The argument that makes this file a child's program. */
const CHILD = "--guidepost-bench-child"

const serve = (): void => {
  let stepper: Stepper | undefined
  process.on("disconnect", () => {
    stepper?.dispose()
    process.exit(0)
  })
  process.on("message", async (request: Request) => {
    const answer = async (): Promise<Reply> => {
      if ("steps" in request) return { times: timed(stepper!.step, request.steps) }
      const loaded = (await import(request.module)) as Record<
        string,
        (...args: unknown[]) => Promise<Stepper>
      >
      stepper = await loaded[request.name]!(...request.args)
      return {}
    }
    process.send!(await answer().catch((error: unknown) => ({ error: String(error) })))
  })
}

const timed = (step: () => unknown, steps: number): ReadonlyArray<number> =>
  Array.from({ length: steps }, () => {
    const start = performance.now()
    step()
    return performance.now() - start
  })

/** Per contender, the time of each round that counts. */
const takeTurns = async (
  contenders: ReadonlyArray<readonly [string, Contender]>,
  { rounds, warmup, steps = 5 }: MeasureOptions,
): Promise<Readonly<Record<string, ReadonlyArray<number>>>> => {
  const times: Record<string, Array<number>> = Object.fromEntries(contenders.map(([name]) => [name, []]))
  for (let round = -warmup; round < rounds; round++) {
    for (const [name, contender] of contenders) {
      const time = quantile(await contender.run(steps), 0.5)
      if (round >= 0) times[name]!.push(time)
    }
  }
  return times
}

const summarize = (one: Case, times: Readonly<Record<string, ReadonlyArray<number>>>): Result => {
  const own = times.guidepost!
  const guidepost = quantile(own, 0.5)
  const perPeer = <A>(f: (times: ReadonlyArray<number>) => A): Record<string, A> =>
    Object.fromEntries(Object.keys(one.peers).map((name) => [name, f(times[name]!)]))
  const byRound = (peer: ReadonlyArray<number>) => peer.map((time, round) => time / own[round]!)
  return {
    case: one.case,
    unit: one.unit,
    guidepost: rounded(guidepost),
    peers: perPeer((peer) => rounded(quantile(peer, 0.5))),
    ratios: perPeer((peer) => rounded(quantile(peer, 0.5) / guidepost)),
    spreads: perPeer((peer) => [quantile(byRound(peer), 0.1), quantile(byRound(peer), 0.9)] as const),
  }
}

const quantile = (values: ReadonlyArray<number>, q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below)
}

const rounded = (x: number): number => Number(x.toPrecision(4))

if (process.send !== undefined && process.argv.includes(CHILD)) serve()
