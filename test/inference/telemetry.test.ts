/** Metrics and spans of fits: what they say when they are on, and that they are nowhere when off. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Metric, Tracer } from "effect"
import { Backend, closedForm, fitEM, fitSVI, GaussianMixture, Key, Telemetry } from "../../src/index.ts"
import { rows } from "./gaussian.ts"

interface Seen {
  readonly metrics: Readonly<Record<string, number>>
  readonly spans: ReadonlyArray<string>
}

/** Runs a fit, and gives the metrics by name and part, and the names of the spans that ended. */
const watching = <A, E, R>(fit: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const spans: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          spans.push(span.name)
          end(time, exit)
        }
        return span
      },
    })
    const registry: (typeof Metric.MetricRegistry)["Service"] = new Map()
    const result = yield* Effect.provideService(
      Effect.withTracer(fit, tracer),
      Metric.MetricRegistry,
      registry,
    )
    const snapshot = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
    const metrics = Object.fromEntries(
      snapshot.map(({ id, attributes, state }) => {
        const { part } = (attributes ?? {}) as { readonly part?: string }
        const { count, value } = state as { readonly count?: number; readonly value?: number }
        return [part === undefined ? id : `${id} ${part}`, Number(count ?? value)]
      }),
    )
    return { result, seen: { metrics, spans } satisfies Seen }
  })

const values = Array.from(Key.normalValues(Key.key(1), [20]))

layer(Backend.cpu(), { excludeTestServices: true })("telemetry", (it) => {
  const fitted = Effect.suspend(() =>
    fitSVI(rows.model(20, 1.3, 0.2), rows.guide(20), tf.tensor1d(values), { steps: 7, key: Key.key(2) }),
  )

  it.effect("is silent by default, and changes no figure of the fit", () =>
    Effect.gen(function* () {
      const off = yield* watching(fitted)
      const on = yield* watching(Effect.provideService(fitted, Telemetry, {}))
      expect(off.seen).toEqual({ metrics: {}, spans: [] })
      expect(on.result.elbo).toBe(off.result.elbo)
    }),
  )

  it.effect("counts steps and rows, and shows the objective's parts, the gradient and the memory", () =>
    Effect.gen(function* () {
      const { result, seen } = yield* watching(Effect.provideService(fitted, Telemetry, {}))
      expect(seen.spans).toEqual(["guidepost.fit"])
      const { metrics } = seen
      expect(metrics["guidepost.steps"]).toBe(7)
      expect(metrics["guidepost.rows"]).toBe(140)
      expect(metrics["guidepost.objective elbo"]).toBe(result.history.at(-1)!.metrics.elbo)
      expect(metrics["guidepost.gradient_norm"]).toBe(result.history.at(-1)!.metrics.gradientNorm)
      expect(metrics["guidepost.gradient_norm"]).toBeGreaterThan(0)
      expect(metrics["guidepost.rate"]).toBeGreaterThan(0)
      expect(metrics["guidepost.tensors"]).toBeGreaterThan(0)
      expect(metrics["guidepost.bytes"]).toBeGreaterThan(0)
    }),
  )

  it.effect("has a span for each step if asked", () =>
    Effect.gen(function* () {
      const { seen } = yield* watching(Effect.provideService(fitted, Telemetry, { spans: "steps" }))
      expect(seen.spans.filter((name) => name === "guidepost.step")).toHaveLength(7)
      const none = yield* watching(Effect.provideService(fitted, Telemetry, { spans: "none" }))
      expect(none.seen.spans).toEqual([])
    }),
  )

  it.effect("serves every algorithm", () =>
    Effect.gen(function* () {
      const mixture = GaussianMixture.make({ components: 2, dimensions: 1, size: 20 })
      const x = tf.tensor2d(values, [20, 1])
      const params = yield* mixture.initialize(x, { method: "random", key: Key.key(3) })
      const fit = fitEM(mixture.model, x, {
        mStep: closedForm(mixture.maximize),
        params,
        iterations: 5,
        tolerance: 0,
      })
      const { seen } = yield* watching(Effect.provideService(fit, Telemetry, { attributes: { run: "a" } }))
      expect(seen.metrics["guidepost.steps"]).toBe(5)
      expect(seen.metrics["guidepost.objective bound"]).toBeLessThan(0)
    }),
  )
})
