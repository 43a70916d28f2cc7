/**
 * A trained variational autoencoder in a worker at the edge (Cloudflare's runtime, workerd). Tensors, keys and the
 * model are what they are in Node, and so are the answers, to the last bit.
 *
 *   GET or POST /generate?n=16&seed=42    { "pictures": [16][784] }: means in [0, 1], drawn from the prior
 *   POST        /encode   [n][784]        { "loc": [n][20], "scale": [n][20] }: q(z | x) of each picture
 *
 * A bad request is answered with its reason, `{ "error": "…" }`. The WebAssembly comes as a compiled module and the
 * parameters as bytes, so that nothing is fetched or compiled at run time. `bundle.ts` makes the worker:
 *
 * ```sh
 * npm start                                            # writes out/vae.safetensors
 * node --conditions=guidepost-source examples/edge/bundle.ts out/vae.safetensors out/edge
 * npx workerd serve out/edge/config.capnp
 * ```
 */
import { Effect, Layer, ManagedRuntime, Scheduler, Schema } from "effect"
import { Backend, type ProgramError } from "guidepost"
import { Pictures } from "./Pictures.ts"
import wasm from "./tfjs-backend-wasm-simd.wasm"
import params from "./vae.safetensors"

/** Pictures a request may ask for or bring. */
const most = 64

// One backend and one set of parameters for an isolate, whose requests share them. The timers of a request die with
// it, and with them any fiber that waits for its turn; the "sync" scheduler sets none.
const runtime = ManagedRuntime.make(
  Pictures.layer(new Uint8Array(params), "vae.safetensors").pipe(
    Layer.provide(Backend.wasm(wasm)),
    Layer.provideMerge(Layer.succeed(Scheduler.Scheduler, new Scheduler.MixedScheduler("sync"))),
  ),
)
// Here, where no request has to wait for another's work, and where a bad file stops the deployment.
await runtime.context().catch(({ message }) => {
  throw new Error(message) // workerd prints no message that a class works out itself
})

export default {
  fetch: (request: Request): Promise<Response> => runtime.runPromise(respond(request)),
}

class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([400, 404, 405]),
  reason: Schema.String,
}) {}

type Answer = Effect.Effect<object, Refused | ProgramError, Pictures>

const respond = (request: Request): Effect.Effect<Response, never, Pictures> => {
  const url = new URL(request.url)
  const methods = routes[url.pathname]
  const answer = methods?.[request.method]
  const refused = (status: 404 | 405, reason: string) => Effect.fail(new Refused({ status, reason }))
  return (
    methods === undefined
      ? refused(404, `there is no ${url.pathname}, only ${Object.keys(routes).join(" and ")}`)
      : answer === undefined
        ? refused(405, `${url.pathname} takes ${Object.keys(methods).join(" and ")}, not ${request.method}`)
        : answer(url, request)
  ).pipe(
    Effect.map((body) => Response.json(body)),
    Effect.catchTag("Refused", ({ status, reason }) =>
      Effect.succeed(Response.json({ error: reason }, { status })),
    ),
    Effect.catchCause((cause) =>
      Effect.as(Effect.logError(cause), Response.json({ error: "internal error" }, { status: 500 })),
    ),
  )
}

const generate = (url: URL): Answer =>
  Effect.gen(function* () {
    const { n, seed } = yield* checked(Query, Object.fromEntries(url.searchParams))
    return { pictures: yield* (yield* Pictures).generate(n, seed) }
  })

const encode = (_url: URL, request: Request): Answer =>
  Effect.gen(function* () {
    const body = yield* Effect.tryPromise({
      try: () => request.json(),
      catch: () => new Refused({ status: 400, reason: "the body is not JSON" }),
    })
    const pictures = yield* Pictures
    return yield* pictures.encode(yield* checked(Batch(pictures.pixels), body))
  })

const routes: {
  readonly [path: string]: { readonly [method: string]: (url: URL, request: Request) => Answer }
} = {
  "/generate": { GET: generate, POST: generate },
  "/encode": { POST: encode },
}

const whole = (minimum: number, maximum: number) =>
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum }))

const Query = Schema.Struct({
  n: whole(1, most).pipe(Schema.withDecodingDefaultKey(Effect.succeed("1"))),
  seed: whole(0, 2 ** 32 - 1).pipe(Schema.withDecodingDefaultKey(Effect.succeed("0"))),
})

const Pixel = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Batch = (pixels: number) =>
  Schema.Array(Schema.Array(Pixel).check(Schema.isBetweenLength(pixels, pixels))).check(
    Schema.isBetweenLength(1, most),
  )

const checked = <A, I>(schema: Schema.Codec<A, I>, found: unknown): Effect.Effect<A, Refused> =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(found, { onExcessProperty: "error" }),
    ({ message }) => new Refused({ status: 400, reason: message }),
  )
