/**
 * What a fit tells those who watch from afar: metrics and spans, through Effect's own observability. Off by default, and
 * then it costs nothing; on, each step updates the metrics and, if asked, is a span.
 *
 * | metric | what |
 * |---|---|
 * | `guidepost.steps`, `guidepost.rows` | counters: steps (or iterations) taken, rows of data seen |
 * | `guidepost.skipped` | counter: steps left out because they were not finite |
 * | `guidepost.rate` | gauge: rows a second, over the last step |
 * | `guidepost.objective` | gauge, one for each `part`: `elbo`, `logLikelihood`, `kl/z`, `bound`, … |
 * | `guidepost.gradient_norm` | gauge: the l2 norm of the gradient, where the algorithm has one |
 * | `guidepost.tensors`, `guidepost.bytes` | gauges: alive on the backend |
 *
 * Every metric has the attribute `algorithm`, and those given in the options.
 *
 * ```ts
 * fitSVI(model, guide, data).pipe(
 *   Effect.provideService(Telemetry, { spans: "fit" }),
 *   Effect.provide(Otlp.layerJson({ baseUrl, resource: { serviceName: "vae" } })),
 * )
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Context, Effect, Metric } from "effect"
import type { Driver, StepReport } from "./Loop.ts"

/** What to tell. */
export interface TelemetryOptions {
  /** A span for the whole fit (the default), for each step besides, or none. */
  readonly spans?: "none" | "fit" | "steps"
  /** Added to every metric and span: the name of the run, say. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** Whether fits report metrics and spans, and which. Default: nothing. */
export const Telemetry = Context.Reference<TelemetryOptions | undefined>("guidepost/inference/Telemetry", {
  defaultValue: () => undefined,
})

/** The driver, whose steps report; the same driver where telemetry is off. */
export const reporting = <B, S, E>(
  driver: Driver<B, S, E>,
  algorithm: string,
  options: TelemetryOptions | undefined,
): Driver<B, S, E> => {
  if (options === undefined) return driver
  const attributes = { algorithm, ...options.attributes }
  const counter = (name: string, description: string) =>
    Metric.counter(`guidepost.${name}`, { description, attributes, incremental: true })
  const gauge = (name: string, description: string, more: Readonly<Record<string, string>> = {}) =>
    Metric.gauge(`guidepost.${name}`, { description, attributes: { ...attributes, ...more } })
  const steps = counter("steps", "steps taken")
  const rows = counter("rows", "rows of data seen")
  const skipped = counter("skipped", "steps left out because they were not finite")
  const rate = gauge("rate", "rows a second")
  const gradientNorm = gauge("gradient_norm", "l2 norm of the gradient")
  const tensors = gauge("tensors", "tensors alive on the backend")
  const bytes = gauge("bytes", "bytes of the tensors alive")
  const parts = new Map<string, Metric.Gauge<number>>()
  const part = (name: string) => {
    const known = parts.get(name) ?? gauge("objective", "what the fit raises, and its parts", { part: name })
    parts.set(name, known)
    return known
  }

  const tell = Effect.fnUntraced(function* (report: StepReport, seconds: number) {
    yield* Metric.update(steps, 1)
    yield* Metric.update(rows, report.rows)
    if (report.skipped) yield* Metric.update(skipped, 1)
    if (seconds > 0) yield* Metric.update(rate, report.rows / seconds)
    for (const [name, value] of Object.entries(report.metrics)) {
      yield* Metric.update(name === GRADIENT_NORM ? gradientNorm : part(name), value)
    }
    const { numTensors, numBytes } = tf.engine().state
    yield* Metric.update(tensors, numTensors)
    yield* Metric.update(bytes, numBytes)
  })
  const timed = Effect.gen(function* () {
    const started = yield* Clock.currentTimeNanos
    const report = yield* driver.step
    yield* tell(report, Number((yield* Clock.currentTimeNanos) - started) / 1e9)
    return report
  })
  return {
    ...driver,
    step: options.spans === "steps" ? Effect.withSpan(timed, "guidepost.step", { attributes }) : timed,
  }
}

/** The fit as a span, where telemetry is on. */
export const spanned = <A, E, R>(fit: Effect.Effect<A, E, R>, algorithm: string): Effect.Effect<A, E, R> =>
  Effect.flatMap(Telemetry, (options) =>
    options === undefined || options.spans === "none"
      ? fit
      : Effect.withSpan(fit, "guidepost.fit", { attributes: { algorithm, ...options.attributes } }),
  ) as Effect.Effect<A, E, R>

/** The metric of a step that is the norm of its gradient. Steps measure it only when somebody is told. */
export const GRADIENT_NORM = "gradientNorm"
