/**
 * Where files are kept that must survive: one small service, so that the library itself touches no disk.
 *
 * The default is Node's file system where there is a Node, and elsewhere a storage that refuses and says what to provide:
 * `Storage.indexedDb("runs")` in a browser or its workers, `Storage.memory` in a test.
 *
 * ```ts
 * fitSVI(model, guide, data, { checkpoint: { path: "vae.safetensors" } }).pipe(
 *   Effect.provideServiceEffect(Storage, Storage.indexedDb("runs")),
 * )
 * ```
 */
import { Context, Effect } from "effect"
import { StorageError } from "./errors.ts"
import { indexedDb } from "./storage/indexedDb.ts"
import { nodeFiles } from "./storage/nodeFiles.ts"

/** Whole files by path. */
export interface Storage {
  /** The bytes, or nothing where there is no such file. */
  readonly read: (path: string) => Effect.Effect<Uint8Array | undefined, StorageError>
  /**
   * Writes all of it or nothing: whoever reads the path, at whatever moment, also after the machine stopped in between,
   * finds the file as it was before or as it is now.
   */
  readonly write: (path: string, bytes: Uint8Array) => Effect.Effect<void, StorageError>
  /** Puts a copy of a file under another path, in the same way. Nothing happens where there is no such file. */
  readonly copy: (from: string, to: string) => Effect.Effect<void, StorageError>
  /** Nothing happens where there is no such file. */
  readonly remove: (path: string) => Effect.Effect<void, StorageError>
}

/** A storage that forgets when the process ends. */
const memory: Effect.Effect<Storage> = Effect.sync(() => {
  const files = new Map<string, Uint8Array>()
  return {
    read: (path) => Effect.sync(() => files.get(path)?.slice()),
    write: (path, bytes) => Effect.sync(() => void files.set(path, bytes.slice())),
    copy: (from, to) =>
      Effect.sync(() => {
        const bytes = files.get(from)
        if (bytes !== undefined) files.set(to, bytes)
      }),
    remove: (path) => Effect.sync(() => void files.delete(path)),
  }
})

const refuse = (operation: StorageError["operation"]) => (path: string) =>
  Effect.fail(
    new StorageError({
      operation,
      path,
      reason:
        "this runtime has no file system: provide a Storage, such as Storage.indexedDb(name) or Storage.memory",
    }),
  )

const none: Storage = {
  read: refuse("read"),
  write: refuse("write"),
  copy: refuse("copy"),
  remove: refuse("remove"),
}

/** The service, with the storages that come with the library. */
export const Storage = Object.assign(
  Context.Reference<Storage>("guidepost/data/Storage", { defaultValue: () => nodeFiles() ?? none }),
  { memory, indexedDb, nodeFiles },
)
