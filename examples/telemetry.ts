/**
 * Watching a fit from afar: its metrics and spans go to an OpenTelemetry collector, by OTLP over HTTP.
 *
 * Start a collector (Jaeger, Grafana's otel-lgtm, …) and name it in OTEL_EXPORTER_OTLP_ENDPOINT; the default is
 * http://localhost:4318. A collector that is not there costs a warning, not the fit.
 */
import { Config, Console, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import {
  Backend,
  fitSVI,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Support,
  sample,
  Telemetry,
} from "guidepost"

const heights = [172, 168, 181, 177, 165, 174, 179, 170]

const model = Effect.fnUntraced(function* (heights: ReadonlyArray<number>) {
  const mean = yield* sample("mean", Normal({ loc: 170, scale: 20 }))
  yield* plate("people", { size: heights.length })(
    observe("height", Normal({ loc: mean, scale: 6 }), heights),
  )
})

const guide = Effect.fnUntraced(function* () {
  const scale = yield* param("scale", 5, { support: Support.positive })
  yield* sample("mean", Normal({ loc: yield* param("loc", 160), scale }))
})

const program = Effect.gen(function* () {
  const optimizer = Optimizer.adam(0.1)
  const { params, steps } = yield* fitSVI(model, guide, heights, { steps: 1_000, optimizer })
  const [loc, scale] = [params.loc, params.scale].map((tensor) => tensor.dataSync()[0]!.toFixed(2))
  yield* Console.log(`mean ${loc} ± ${scale} cm after ${steps} steps`)
})

const collector = Layer.unwrap(
  Effect.map(
    Config.String("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.withDefault("http://localhost:4318")),
    (baseUrl) => Otlp.layerJson({ baseUrl, resource: { serviceName: "guidepost-example" } }),
  ),
)

await Effect.runPromise(
  program.pipe(
    Effect.scoped,
    Effect.provideService(Telemetry, { spans: "fit", attributes: { run: "heights" } }),
    Effect.provide([Backend.wasm(), collector.pipe(Layer.provide(FetchHttpClient.layer))]),
  ),
)
