/**
 * Reads a checkpoint for a fit to go on from.
 *
 * ```ts
 * const checkpoint = { path: "run/vae.safetensors", every: "1 minute" }
 * const from = yield* resume.ifPresent(checkpoint.path)
 * const fit = yield* fitSVI(model, guide, data, { epochs: 50, checkpoint, resume: from })
 * ```
 */
import { Effect } from "effect"
import { Storage } from "../../data/Storage.ts"
import { CheckpointError } from "../errors.ts"
import { type Checkpoint, decode } from "./Checkpoint.ts"
import { inStorage } from "./keep.ts"

const read = (path: string): Effect.Effect<Checkpoint | undefined, CheckpointError> =>
  Effect.gen(function* () {
    const storage = yield* Storage
    const bytes = yield* inStorage(storage.read(path))
    return bytes === undefined ? undefined : yield* decode(bytes, path)
  })

const fromPath = (path: string): Effect.Effect<Checkpoint, CheckpointError> =>
  Effect.flatMap(read(path), (found) =>
    found === undefined
      ? Effect.fail(
          new CheckpointError({
            path,
            expected: "a file",
            found: "none",
            advice:
              "start without `resume`, or read it by `resume.ifPresent`, which takes that for a beginning",
          }),
        )
      : Effect.succeed(found),
  )

/**
 * The checkpoint at a path of the {@link Storage}: give it to a fit as its option `resume`. Fails with `CheckpointError`
 * where there is none, or one that is damaged, of another kind or of a later format. `resume.ifPresent` gives nothing
 * where there is no file, for a program that is simply started again.
 */
export const resume = Object.assign(fromPath, { ifPresent: read })
