/**
 * A chain of hidden states, one sequence of 100 or 1,000 steps and 3 or 10 states. The gradient of its log-evidence: with
 * `scan`, beside the same program with `markov`, one step after another, and beside the forward algorithm by hand in tfjs
 * operations. And an iteration of EM: `HiddenMarkov`'s, beside the E-step alone of the `markov` program.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Exit, ManagedRuntime, Scope } from "effect"
import { Categorical } from "../src/distributions/Categorical.ts"
import { Normal } from "../src/distributions/Normal.ts"
import { substituted } from "../src/effects/handlers/substitute.ts"
import { markov } from "../src/effects/Markov.ts"
import { param } from "../src/effects/Param.ts"
import { type RunOptions, run } from "../src/effects/run.ts"
import { observe, sample } from "../src/effects/Sample.ts"
import { scan } from "../src/effects/Scan.ts"
import { alternation } from "../src/inference/em/alternation.ts"
import { exact } from "../src/inference/em/exact.ts"
import { closedForm } from "../src/inference/em/mStep.ts"
import { logEvidenceOf, runEnumerated, structure, tablesOf } from "../src/inference/enumeration/evidence.ts"
import { start } from "../src/inference/Loop.ts"
import { make as makeSource } from "../src/inference/Source.ts"
import * as HiddenMarkov from "../src/models/HiddenMarkov.ts"
import { Backend } from "../src/tensor/Backend.ts"
import { valueAndGradient } from "../src/tensor/gradient.ts"
import * as Key from "../src/tensor/Key.ts"
import { logSumExp } from "../src/tensor/stable.ts"
import { inChild, measure, report, type Stepper } from "./harness.ts"

type Program = Effect.Effect<unknown, never, never>
type Params = Readonly<Record<"rows" | "loc", tf.Tensor>>

/** Row `states` of `rows` is where the chain starts. */
const setting = (steps: number, states: number) => {
  const noise = Key.normalValues(Key.key(1), [steps])
  const x = tf.tensor(Array.from(noise, (e, t) => 3 * Math.sin(t / 30) + e))
  const params: Params = {
    rows: tf.softmax(tf.add(tf.mul(tf.eye(states + 1, states), 2), tf.zeros([states + 1, states]))),
    loc: tf.linspace(-3, 3, states),
  }
  return { x, params }
}

const reads = (states: number) =>
  Effect.all({
    rows: param("rows", () => tf.ones([states + 1, states])),
    loc: param("loc", () => tf.zeros([states])),
  })

const step = (
  { rows, loc }: Params,
  names: readonly [z: string, x: string],
  previous: tf.Tensor,
  now: tf.Tensor,
) =>
  Effect.gen(function* () {
    const z = yield* sample(names[0], Categorical({ probs: tf.gather(rows, tf.cast(previous, "int32")) }))
    yield* observe(names[1], Normal({ loc: tf.gather(loc, tf.cast(z, "int32")), scale: 1 }), now)
    return z
  })

const programs = {
  scan: (x: tf.Tensor, states: number) =>
    Effect.flatMap(reads(states), (params) =>
      scan("time", x, tf.scalar(states), (previous, now) => step(params, ["z", "x"], previous, now)),
    ),
  markov: (x: tf.Tensor, states: number) =>
    Effect.flatMap(reads(states), (params) =>
      markov(tf.unstack(x), tf.scalar(states) as tf.Tensor, (previous, now, t) =>
        step(params, [`z/${t}`, `x/${t}`], previous, now),
      ),
    ),
}

/** A stepper on the wasm backend. */
const onWasm = async (make: () => () => void): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  const step = await runtime.runPromise(Effect.sync(make))
  return { step, dispose: () => void runtime.dispose() }
}

/** The gradient of the log-evidence, by enumeration of one of the programs. */
export const gradient = (how: keyof typeof programs, steps: number, states: number): Promise<Stepper> =>
  onWasm(() => {
    const { x, params } = setting(steps, states)
    return () =>
      tf.tidy(() => {
        const { value } = valueAndGradient(params, (params) => {
          const { recording, axes } = runEnumerated(
            (options: RunOptions) =>
              run(programs[how](x, states) as Program, Context.empty(), {
                ...options,
                handlers: [substituted(params), ...(options.handlers ?? [])],
              }),
            {},
            () => true,
            { depth: 1 },
          )
          return { value: logEvidenceOf(tablesOf(recording), structure([recording], axes)), aux: {} }
        })
        value.dataSync()
      })
  })

/** The same by hand: a loop of tfjs operations over the steps. */
export const byHand = (steps: number, states: number): Promise<Stepper> =>
  onWasm(() => {
    const { x, params } = setting(steps, states)
    return () =>
      tf.tidy(() => {
        const { value } = valueAndGradient(params, ({ rows, loc }) => {
          const deviations = tf.sub(tf.expandDims(x, 1), loc)
          const emitted = tf.unstack(tf.sub(tf.mul(tf.square(deviations), -0.5), 0.9189385332046727))
          const transition = tf.log(tf.slice(rows, [0, 0], [states, states]))
          const initial = tf.log(tf.squeeze(tf.slice(rows, [states, 0], [1, states]), [0]))
          const last = emitted
            .slice(1)
            .reduce<tf.Tensor>(
              (alpha, now) => tf.add(logSumExp(tf.add(tf.expandDims(alpha, 1), transition), 0), now),
              tf.add(initial, emitted[0]!),
            )
          return { value: logSumExp(last), aux: {} }
        })
        value.dataSync()
      })
  })

/** An iteration of EM, as `fitEM` takes it. */
export const iteration = async (steps: number, states: number): Promise<Stepper> => {
  const runtime = ManagedRuntime.make(Backend.wasm())
  const scope = Scope.makeUnsafe()
  const driver = await runtime.runPromise(
    Effect.gen(function* () {
      const hmm = HiddenMarkov.make({ states, size: 1 })
      const { x, params } = setting(steps, states)
      const services = yield* Effect.context<never>()
      const algorithm = alternation<HiddenMarkov.Sequences, {}, {}>(
        (batch, options) => run(hmm.model(batch), services, options),
        exact(),
        closedForm(hmm.maximize),
        {
          initial: tf.fill([states], 1 / states),
          transition: tf.slice(params.rows, [0, 0], [states, states]),
          loc: params.loc,
          scale: tf.ones([states]),
        },
      )
      const source = yield* makeSource({ x: tf.expandDims(x, 0) }, { key: Key.key(0) })
      return yield* start(algorithm, source, { key: Key.key(0), nonFinite: "fail" as const })
    }).pipe(Scope.provide(scope)),
  )
  return {
    step: () => Effect.runSync(driver.step as Effect.Effect<unknown>),
    dispose: () => {
      void Effect.runPromise(Scope.close(scope, Exit.void)).then(() => runtime.dispose())
    },
  }
}

/** The E-step of the `markov` program. */
export const eStep = (steps: number, states: number): Promise<Stepper> =>
  onWasm(() => {
    const { x, params } = setting(steps, states)
    return () =>
      tf.tidy(() => {
        const { value } = exact().expect(
          Key.key(0),
          (params, options) =>
            run(programs.markov(x, states) as Program, Context.empty(), {
              ...options,
              handlers: [substituted(params), ...(options.handlers ?? [])],
            }),
          params,
          {},
          undefined,
        )
        value.dataSync()
      })
  })

/** Prints milliseconds, and the ratios. */
export const chain = async (json: boolean): Promise<void> => {
  const own = new URL(import.meta.url)
  for (const [steps, states] of [
    [100, 3],
    [1000, 3],
    [1000, 10],
  ] as const) {
    const size = [steps, states]
    const cases = [
      {
        case: `chain-gradient-${steps}x${states}`,
        unit: "ms" as const,
        guidepost: await inChild(own, "gradient", ["scan", ...size]),
        peers: {
          markov: await inChild(own, "gradient", ["markov", ...size]),
          "tfjs-by-hand": await inChild(own, "byHand", size),
        },
      },
      {
        case: `chain-em-${steps}x${states}`,
        unit: "ms" as const,
        guidepost: await inChild(own, "iteration", size),
        peers: { "markov-e-step": await inChild(own, "eStep", size) },
      },
    ]
    report(await measure(cases, { rounds: 4, warmup: 1, steps: 1 }), { json })
  }
}
