/**
 * Runs a program once and says what it did: each site's distribution, value and log-density.
 *
 * ```ts
 * const t = yield* trace(model(x), { key: Key.key(0) })
 * t.values.z         // typed: the program has a latent site "z"
 * t.sites.get("x")   // { name, distribution, value, logProb, observed, plates }
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { Distribution } from "../../distributions/Distribution.ts"
import type { Backend } from "../../tensor/Backend.ts"
import type { Key } from "../../tensor/Key.ts"
import { scoped } from "../../tensor/Memory.ts"
import * as Tree from "../../tensor/Tree.ts"
import type { ProgramError } from "../errors.ts"
import type { PlateFrame } from "../Interpreter.ts"
import { total } from "../logDensity.ts"
import type { DeterministicName, ObservedName, Params, Rest, Values } from "../Program.ts"
import { attempt, type Recording, run } from "../run.ts"
import { atParams } from "./substitute.ts"

/** One sample site of a {@link Trace}. */
export interface TracedSite {
  readonly name: string
  readonly distribution: Distribution
  readonly value: tf.Tensor
  /** Log-density before scale and mask, of the site's batch shape. */
  readonly logProb: tf.Tensor
  readonly observed: boolean
  readonly plates: ReadonlyArray<PlateFrame>
}

/** What one run of a program did. */
export interface Trace<A, R> {
  readonly result: A
  readonly values: Values<R>
  readonly observed: { readonly [K in ObservedName<R>]: tf.Tensor }
  readonly deterministic: { readonly [K in DeterministicName<R>]: tf.Tensor }
  readonly params: Params<R>
  readonly sites: ReadonlyMap<string, TracedSite>
  /** The sum over all sites: a scalar. */
  readonly logDensity: tf.Tensor
}

/** How {@link trace} runs its program. */
export interface TraceOptions<R> {
  /** Latent sites are drawn with this key, each folding in its own name. */
  readonly key: Key
  /** Values of parameters; all or none: without them each starts at its `init`. */
  readonly params?: Params<R>
}

/**
 * Runs the program once, checking parameters and observed values against their sets. The tensors live until the
 * scope closes; `result` is whatever the program returned, and its tensors live as long. Fails with a `ProgramError`,
 * or as the program itself fails.
 */
export const trace = Effect.fnUntraced(function* <A, E, R>(
  program: Effect.Effect<A, E, R>,
  options: TraceOptions<R>,
): Effect.fn.Return<Trace<A, R>, E | ProgramError, Rest<R> | Backend | Scope.Scope> {
  const context = yield* Effect.context<Rest<R>>()
  const made = yield* scoped(
    attempt<{ readonly trace: Trace<A, R>; readonly owned: ReadonlyArray<tf.Tensor> }, E>(() => {
      const before = newest()
      let traced: Trace<A, R> | undefined
      const owned = tf.tidy(() => {
        const recording = run(program, context as never, {
          key: options.key,
          handlers: atParams(options.params),
          validate: true,
        })
        traced = asTrace<A, R>(recording)
        // What the caller passed in stays the caller's.
        return tensorsOf(traced).filter((tensor) => tensor.id > before)
      })
      return { trace: traced!, owned }
    }),
    ({ owned }) => owned,
  )
  return made.trace
})

/** The id of the newest tensor there is; every tensor made later has a larger one. */
const newest = (): number => tf.tidy(() => tf.scalar(0).id)

const asTrace = <A, R>(recording: Recording<A>): Trace<A, R> => {
  const sites = new Map<string, TracedSite>()
  for (const { name, distribution, value, observed, plates } of recording.samples.values()) {
    sites.set(name, { name, distribution, value, observed, plates, logProb: distribution.logProb(value) })
  }
  const valuesWhere = (observed: boolean) =>
    Object.fromEntries(
      [...sites.values()].filter((s) => s.observed === observed).map((s) => [s.name, s.value]),
    )
  return {
    result: recording.result,
    values: valuesWhere(false) as Values<R>,
    observed: valuesWhere(true) as Trace<A, R>["observed"],
    deterministic: Object.fromEntries(
      [...recording.deterministics.values()].map((site) => [site.name, site.value]),
    ) as Trace<A, R>["deterministic"],
    params: Object.fromEntries([...recording.params.values()].map((p) => [p.name, p.value])) as Params<R>,
    sites,
    logDensity: total(recording),
  }
}

const tensorsOf = <A, R>(trace: Trace<A, R>): Array<tf.Tensor> => {
  const found = new Set<tf.Tensor>([trace.logDensity])
  const add = (value: unknown) => {
    for (const tensor of tf.tensor_util.getTensorsInContainer(value as tf.TensorContainer)) found.add(tensor)
  }
  add([trace.result, trace.values, trace.observed, trace.deterministic])
  for (const value of Object.values<Tree.Tree>(trace.params)) add(Tree.leaves(value))
  for (const { distribution, logProb } of trace.sites.values()) {
    add([logProb, Object.values(distribution.params).map(({ value }) => value)])
  }
  return [...found]
}
