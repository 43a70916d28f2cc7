/**
 * A program to be killed: `writer.ts <path>` writes two files in turn under one path, each time with a copy of the one
 * before beside it, for ever. It prints "under way" after its first write.
 */
import { Console, Effect } from "effect"
import { nodeFiles } from "../../../src/data/storage/nodeFiles.ts"

/** What it writes: the one is longer than the other, and no byte of theirs is the same. */
export const files = [new Uint8Array(400_000).fill(1), new Uint8Array(300_000).fill(2)] as const

if (import.meta.main) {
  const storage = nodeFiles()!
  const path = process.argv[2]!
  const both = Effect.forEach(files, (bytes) =>
    Effect.andThen(storage.copy(path, `${path}.1`), storage.write(path, bytes)),
  )
  await Effect.runPromise(
    Effect.andThen(both, Effect.andThen(Console.log("under way"), Effect.forever(both))),
  )
}
