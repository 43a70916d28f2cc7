/**
 * Whether a checkpoint is of the fit that wants to go on from it, and if not, in what the two differ.
 */
import { Effect } from "effect"
import { difference, shortened } from "../../data/NamedArrays.ts"
import type { Key } from "../../tensor/Key.ts"
import { CheckpointError } from "../errors.ts"
import type { Source } from "../Source.ts"
import type { About, Checkpoint } from "./Checkpoint.ts"
import { census } from "./freeze.ts"

/** The key of a fit: what it is given, or else that of the checkpoint. Fails with `CheckpointError` where there are two. */
export const keyOf = (
  given: Key | undefined,
  { resume, otherwise }: { readonly resume: Checkpoint | undefined; readonly otherwise: Key },
): Effect.Effect<Key, CheckpointError> => {
  if (resume === undefined) return Effect.succeed(given ?? otherwise)
  const { key } = resume.about
  if (given === undefined || (given.hi === key.hi && given.lo === key.lo)) return Effect.succeed(key)
  const text = ({ hi, lo }: Key) => `{ hi: ${hi}, lo: ${lo} }`
  return Effect.fail(
    new CheckpointError({
      path: resume.name,
      expected: `the key ${text(given)}, which this fit is given`,
      found: text(key),
      advice: "leave `key` out to go on with the checkpoint's",
    }),
  )
}

/** Fails with `CheckpointError` where algorithm, data or batches are not those of the checkpoint. */
export const checkAbout = <B>(
  resume: Checkpoint,
  fit: { readonly algorithm: string; readonly source: Source<B> },
): Effect.Effect<void, CheckpointError> => {
  const { algorithm, source } = fit
  const wanted: Pick<About, "algorithm" | "size" | "batchSize" | "order"> = {
    algorithm,
    size: source.size,
    batchSize: source.batchSize,
    ...(source.order !== undefined && { order: source.order }),
  }
  for (const [name, what, advice] of facts) {
    if (wanted[name] === resume.about[name]) continue
    return Effect.fail(
      new CheckpointError({
        path: resume.name,
        expected: `${what} ${wanted[name] ?? AS_IN_MEMORY}`,
        found: String(resume.about[name] ?? AS_IN_MEMORY),
        advice,
      }),
    )
  }
  return Effect.void
}

const facts = [
  ["algorithm", "a checkpoint of", "resume with the function that wrote it"],
  ["size", "rows of data:", "its place in the data would mean other rows; resume on the same data"],
  [
    "batchSize",
    "rows of a batch:",
    "its place in the data would mean other rows; resume with the same batchSize",
  ],
  [
    "order",
    "rows in",
    "its place in the data would mean other rows; resume with the same blockRows and window",
  ],
] as const

/**
 * The difference, where the state of a fit that begins has other tensors than the checkpoint's. What an
 * objective remembers (`memory`) begins empty and is filled on the way: of that nothing is compared.
 */
export const checkState = (first: unknown, saved: unknown, path: string): CheckpointError | undefined => {
  const [wanted, found] = [census(first), census(saved)]
  // What begins empty is filled on the way: of that nothing is compared.
  const filledLater = [...wanted.keys()].filter((name) => name.endsWith("/memory/"))
  const isFilledLater = (name: string) => filledLater.some((folder) => name.startsWith(folder))
  const lines = difference(
    new Map([...wanted].filter(([name]) => !name.endsWith("/"))),
    new Map([...found].filter(([name]) => !name.endsWith("/") && !isFilledLater(name))),
  )
  if (lines.length === 0) return undefined
  return new CheckpointError({
    path,
    expected: `the state of this model (${wanted.size} tensors)`,
    found: `another's (− missing, + besides, ± other shape): ${shortened(lines)}`,
    advice: "resume with the model, the guide and the optimizer that wrote it",
  })
}

/** The order of rows where nothing else is said. */
const AS_IN_MEMORY = "the order of data in memory"
