/**
 * The edge example in the real workerd, which allows neither compiling WebAssembly nor, as configured, any network.
 * Its answers are Node's to the last bit, however many requests come at once; and what is wrong with a request or a
 * file of parameters, it says.
 */
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import {
  Backend,
  Dataset,
  fitSVI,
  Key,
  Optimizer,
  type Params,
  Safetensors,
  type Tensor,
  trace,
  Vae,
} from "guidepost"
import { bundle } from "../examples/edge/bundle.ts"
import { Pictures, type Rows } from "../examples/edge/Pictures.ts"

const latent = 3
const vae = Vae.make({ inputs: 784, hidden: [12, 8], latent, size: 64 })
const values = Key.uniformValues(Key.key(1), [64, 784])
const pictures: Rows = Array.from({ length: 64 }, (_, i) => [...values.subarray(784 * i, 784 * (i + 1))])

/** A model fitted here for a few steps, its file, and a worker that has loaded it. */
const lab = Effect.gen(function* () {
  const data = yield* Dataset.fromArray(values, [64, 784])
  const options = { batchSize: 16, steps: 12, optimizer: Optimizer.adam(0.01), key: Key.key(0) }
  const { params } = yield* fitSVI(vae.model, vae.guide, data, options)
  const file = yield* Safetensors.encode(params)
  const folder = yield* temporary
  writeFileSync(join(folder, "fitted.safetensors"), file)
  const bundled = yield* Effect.promise(() => bundle(join(folder, "fitted.safetensors"), join(folder, "out")))
  const url = yield* serve(bundled.config)
  return { params, file, bundled, url }
})

class Lab extends Context.Service<Lab, Effect.Success<typeof lab>>()("test/edge/Lab") {
  static readonly layer = Layer.effect(Lab, lab).pipe(Layer.provideMerge(Backend.wasm()))
}

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "guidepost-edge-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
)

// The package has no declarations.
const binary: string = createRequire(import.meta.url)("workerd").default

/** Starts workerd on a free port of this machine, and gives its address; fails with what it prints if it ends. */
const serve = Effect.fnUntraced(function* (config: string) {
  const options = ["serve", config, "--socket-addr=http=127.0.0.1:0", "--control-fd=3"]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(binary, options, { stdio: ["ignore", "ignore", "pipe", "pipe"] })),
    (child) => Effect.sync(() => child.kill()),
  )
  const printed = text(child.stderr!)
  return yield* Effect.callback<string, string>((resume) => {
    const control = child.stdio[3] as Readable
    control.on("data", (line) => {
      resume(Effect.succeed(`http://127.0.0.1:${JSON.parse(String(line)).port}`))
    })
    child.on("exit", () => printed.then((reason) => resume(Effect.fail(reason))))
  })
})

/** A request to the worker: the status and the JSON of its answer. */
const ask = (path: string, init?: RequestInit) =>
  Effect.flatMap(Lab, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, init)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }),
  )
const post = (path: string, json: unknown) => ask(path, body(JSON.stringify(json)))

const body = (text: string): RequestInit => ({ method: "POST", body: text })

/** The first two pictures with one pixel replaced. */
const altered = (pixel: number | null): string =>
  JSON.stringify(pictures.slice(0, 2).map((row, i) => (i === 1 ? row.with(700, pixel as number) : row)))

/** The fitted parameters under another label. */
const relabeled = (metadata: Record<string, string>) =>
  Effect.flatMap(Lab, ({ params }) => Safetensors.encode(params, metadata))

/** A program with the fitted parameters in this Node, by the library alone. */
const here = <R>(program: Effect.Effect<Tensor, never, R>) =>
  Effect.gen(function* () {
    const { params } = yield* Lab
    const { result } = yield* trace(program, { key: Key.key(0), params: params as Params<R> })
    return (result as tf.Tensor2D).arraySync()
  }).pipe(Effect.scoped)

const generated = (n: number, seed: number) => {
  const z = Effect.sync(() => Key.normal(Key.foldInName(Key.key(seed), "z"), [n, latent]))
  return here(Effect.flatMap(z, vae.decode))
}

layer(Lab.layer)("the edge worker", (it) => {
  it.effect("draws the pictures that Node draws with the same key, bit for bit, many at once", () =>
    Effect.gen(function* () {
      const seeds = Array.from({ length: 12 }, (_, i) => i * 357_913_941)
      const answers = yield* Effect.forEach(seeds, (seed) => ask(`/generate?n=5&seed=${seed}`), {
        concurrency: "unbounded",
      })
      for (const [i, seed] of seeds.entries()) {
        expect(answers[i]).toEqual({ status: 200, body: { pictures: yield* generated(5, seed) } })
      }
      expect(answers[1]!.body).not.toEqual(answers[0]!.body)
      // n and seed may be left out, and a POST does as well.
      expect((yield* ask("/generate")).body).toEqual({ pictures: yield* generated(1, 0) })
      expect((yield* post("/generate?n=64", null)).body).toEqual({ pictures: yield* generated(64, 0) })
    }),
  )

  it.effect("decodes as a decoder written out in float64 does", () =>
    Effect.gen(function* () {
      const { params } = yield* Lab
      const { body } = yield* ask("/generate?n=4&seed=9")
      const z = Key.normalValues(Key.foldInName(Key.key(9), "z"), [4, latent])
      for (const [row, picture] of (body as { pictures: Rows }).pictures.entries()) {
        let h = [...z.subarray(latent * row, latent * (row + 1))]
        for (const [i, { kernel, bias }] of Object.values(params.decoder).entries()) {
          const [k, b] = [kernel.dataSync(), bias.dataSync()]
          h = Array.from(b, (b, j) => h.reduce((sum, x, m) => sum + x * k[m * kernel.shape[1]! + j]!, b))
          h = h.map((x) => (i < 2 ? Math.max(0, x) : 1 / (1 + Math.exp(-x))))
        }
        for (const [j, pixel] of picture.entries()) expect(pixel).toBeCloseTo(h[j]!, 5)
      }
    }),
  )

  it.effect("encodes as Node does, bit for bit", () =>
    Effect.gen(function* () {
      for (const batch of [pictures.slice(0, 1), pictures]) {
        const q = Effect.suspend(() => vae.encode(tf.tensor2d(batch as Array<Array<number>>)))
        const { status, body } = yield* post("/encode", batch)
        expect(status).toBe(200)
        expect(body).toEqual({
          loc: yield* here(Effect.map(q, ({ base }) => base.loc as Tensor)),
          scale: yield* here(Effect.map(q, ({ base }) => base.scale as Tensor)),
        })
      }
    }),
  )

  it.effect("outlives a client that goes away", () =>
    Effect.gen(function* () {
      const { url } = yield* Lab
      for (let i = 0; i < 5; i++) {
        const going = new AbortController()
        const gone = fetch(`${url}/generate?n=64`, { signal: going.signal }).catch(() => "gone")
        setTimeout(() => going.abort(), i)
        yield* Effect.promise(() => gone)
      }
      expect((yield* ask("/generate?n=2&seed=1")).body).toEqual({ pictures: yield* generated(2, 1) })
    }),
  )

  const refused: ReadonlyArray<
    readonly [path: string, init: RequestInit | undefined, status: number, error: string]
  > = [
    ["/generate?n=0", undefined, 400, 'a value between 1 and 64\n  at ["n"]'],
    ["/generate?n=65", undefined, 400, 'a value between 1 and 64\n  at ["n"]'],
    ["/generate?n=2.5", undefined, 400, 'an integer\n  at ["n"]'],
    ["/generate?n=many", undefined, 400, 'a finite number\n  at ["n"]'],
    ["/generate?seed=-1", undefined, 400, 'a value between 0 and 4294967295\n  at ["seed"]'],
    ["/generate?sed=1", undefined, 400, 'no excess property\n  at ["sed"]'],
    ["/encode", body("[[0, 1"), 400, "the body is not JSON"],
    ["/encode", body("[]"), 400, "a length between 1 and 64"],
    ["/encode", body("{}"), 400, "Expected array"],
    ["/encode", body("[[0, 1]]"), 400, "a length of 784\n  at [0]"],
    ["/encode", body(JSON.stringify([...pictures, pictures[0]])), 400, "a length between 1 and 64"],
    ["/encode", body(altered(2)), 400, "a value between 0 and 1\n  at [1][700]"],
    ["/encode", body(altered(null)), 400, "Expected number\n  at [1][700]"],
    ["/encode", undefined, 405, "/encode takes POST, not GET"],
    ["/generate", { method: "DELETE" }, 405, "/generate takes GET and POST, not DELETE"],
    ["/", undefined, 404, "there is no /, only /generate and /encode"],
  ]
  for (const [path, init, status, error] of refused) {
    it.effect(
      `refuses ${path} ${String(init?.body ?? init?.method ?? "").slice(0, 12)}: ${error.split("\n").join("")}`,
      () =>
        Effect.gen(function* () {
          const answer = yield* ask(path, init)
          expect(answer.status).toBe(status)
          expect(answer.body).toEqual({ error: expect.stringContaining(error) })
        }),
    )
  }

  it.effect("imports nothing but its WebAssembly and its parameters", () =>
    Effect.gen(function* () {
      const { bundled } = yield* Lab
      const [script] = Object.values(bundled.metafile.outputs)
      const outside = script!.imports.filter(({ external }) => external).map(({ path }) => path)
      expect(outside.sort()).toEqual(["./tfjs-backend-wasm-simd.wasm", "./vae.safetensors"])
    }),
  )

  const files: ReadonlyArray<readonly [what: string, file: Effect.Effect<Uint8Array, unknown, Lab>, string]> =
    [
      ["a truncated file", Effect.map(Lab, ({ file }) => file.subarray(0, -4)), "the file is truncated"],
      [
        "another model",
        Safetensors.encode({ w: { shape: [3], values: new Float32Array(3) } }),
        'expected a decoder\'s matrices, "decoder/0/kernel"',
      ],
      ["other pixels", relabeled({ observations: "gaussian-shared" }), "expected Bernoulli observations"],
      ["an activation that there is not", relabeled({ activation: "rely" }), "rely"],
      [
        "a decoder alone",
        Effect.flatMap(Lab, ({ params }) => Safetensors.encode({ decoder: params.decoder })),
        'no value for parameter "encoder"; given are decoder',
      ],
    ]
  for (const [what, file, reason] of files) {
    it.effect(`does not start with ${what}`, () =>
      Effect.gen(function* () {
        const { bundled } = yield* Lab
        const folder = yield* temporary
        cpSync(dirname(bundled.config), folder, { recursive: true })
        writeFileSync(join(folder, "vae.safetensors"), yield* file)
        expect(yield* Effect.flip(serve(join(folder, "config.capnp")))).toContain(reason)
      }),
    )
  }

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      const { file } = yield* Lab
      const { memory } = yield* Backend
      const before = memory().tensors
      yield* Effect.gen(function* () {
        const service = yield* Pictures
        const loaded = memory().tensors
        yield* service.encode(yield* service.generate(3, 1))
        expect(memory().tensors).toBe(loaded)
        expect(loaded).toBe(before + 14)
      }).pipe(Effect.provide(Pictures.layer(file, "fitted")))
      expect(memory().tensors).toBe(before)
    }),
  )
})
