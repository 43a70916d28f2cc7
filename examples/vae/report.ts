/**
 * How good a fitted model is, in nats for one image, and the table that says so.
 */
import { Effect } from "effect"
import { Dataset, Key, logEvidence, type Metrics, perRow } from "guidepost"
import { Progress } from "../lib/Progress.ts"
import type { Data } from "./data.ts"
import type { Settings } from "./options.ts"
import type { Trained } from "./train.ts"

/**
 * The table: ELBO, reconstruction and KL on the images learned from and held out, and the importance-weighted
 * log-likelihood of held-out ones with its standard error over images. `images` and `evidence` say how many.
 */
export const report = Effect.fnUntraced(function* (
  { vae, fit }: Trained,
  data: Data,
  { images, evidence, binarize, seed }: Pick<Settings, "images" | "evidence" | "binarize" | "seed">,
) {
  const task = yield* (yield* Progress).task("evaluating")
  const first = <D>(dataset: Dataset.ArrayDataset<D>, most: number) =>
    Dataset.slice(dataset, 0, Math.min(most, dataset.size))
  const measure = Effect.fnUntraced(function* (dataset: Data["train"]) {
    const totals = yield* fit.evaluate(dataset, { batchSize: Math.min(500, dataset.size) })
    return perRow(totals, data.train.size)
  })

  yield* task.at(0, "the images learned from")
  const learned = yield* first(data.train, images.train)
  const train = yield* measure(learned)
  yield* task.at(0, "the images held out")
  const heldOut = yield* first(data.test, images.test)
  const test = yield* measure(heldOut)
  const weighed = yield* first(data.test, evidence.images)
  const { mean, standardError } = yield* logEvidence(vae.model, vae.guide, weighed, {
    over: "images",
    samples: evidence.draws,
    key: Key.foldInName(Key.key(seed), "evidence"),
    params: fit.params,
    batchSize: Math.min(250, weighed.size),
    onProgress: (done) => task.at(done, "the importance-weighted log-likelihood"),
  })
  yield* task.end

  const n = (count: number) => count.toLocaleString("en")
  const row = (name: string, read: (metrics: Metrics) => number) =>
    cells(name, read(train).toFixed(2), read(test).toFixed(2))
  return [
    cells("nats for one image", `train (${n(learned.size)})`, `test (${n(heldOut.size)})`),
    row("ELBO", (metrics) => metrics.elbo!),
    row("  reconstruction", (metrics) => metrics.logLikelihood!),
    row("  KL", (metrics) => metrics["kl/z"]!),
    cells("log-likelihood", "", `${mean.toFixed(2)} ± ${standardError.toFixed(2)}`),
    `importance-weighted: ${n(weighed.size)} test images, ${n(evidence.draws)} draws each; ± one standard error`,
    ...(binarize === "none"
      ? [
          "grey pixels count as probabilities: compare with other figures on grey pixels only (see --binarize)",
        ]
      : []),
  ].join("\n")
})

const cells = (name: string, train: string, test: string): string =>
  name.padEnd(20) + train.padStart(18) + test.padStart(18)
