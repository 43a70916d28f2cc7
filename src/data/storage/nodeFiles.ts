/**
 * Node's file system as a {@link Storage}. No Node built-in is imported: Node hands its own out through
 * `process.getBuiltinModule` (20.16 and later), and elsewhere there is no such storage.
 *
 * A file is written under a name beside its own (`.partial`), flushed to the disk, and renamed, which POSIX and NTFS do
 * at one stroke; then the folder is flushed. A process killed on the way leaves the old file, and a `.partial` that the
 * next write overwrites.
 */
import { Effect, Semaphore } from "effect"
import { StorageError } from "../errors.ts"
import type { Storage } from "../Storage.ts"

/** The storage, or nothing where there is no Node. Relative paths are relative to the working directory. */
export const nodeFiles = (): Storage | undefined => {
  if (typeof process === "undefined") return undefined
  const fs = process.getBuiltinModule?.("node:fs/promises")
  const paths = process.getBuiltinModule?.("node:path")
  if (fs === undefined || paths === undefined) return undefined
  // Two that write one file at once would share its `.partial`.
  const inTurn = Semaphore.makeUnsafe(1).withPermits(1)

  /** Makes `path.partial` by `fill`, and then `path` of it. */
  const replace = async (path: string, fill: (partial: string) => Promise<void>): Promise<void> => {
    const folder = paths.dirname(path)
    const partial = `${path}.partial`
    await makeFolder(folder)
    try {
      await fill(partial)
      await fs.rename(partial, path)
    } finally {
      // Also after a rename: where both names stood for one file already, it leaves both.
      await fs.rm(partial, { force: true }).catch(() => {})
    }
    await flushFolder(folder)
  }

  // Node's own `recursive` never ends where a folder is there and refuses with ENOENT, as /proc does.
  const makeFolder = async (folder: string): Promise<void> => {
    if (await exists(folder)) return
    const around = paths.dirname(folder)
    if (around !== folder) await makeFolder(around)
    await fs.mkdir(folder).catch((cause) => {
      if (codeOf(cause) !== "EEXIST") throw cause
    })
  }

  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    const file = await fs.open(path, "w")
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  // Some systems, Windows among them, cannot open a folder; there the rename is as durable as the system makes it.
  const flushFolder = async (folder: string): Promise<void> => {
    const handle = await fs.open(folder, "r").catch(() => undefined)
    await handle?.sync().catch(() => {})
    await handle?.close()
  }

  const exists = (path: string) =>
    fs.access(path).then(
      () => true,
      (cause) => {
        if (codeOf(cause) === "ENOENT") return false
        throw cause
      },
    )

  return {
    read: (path) =>
      attempt("read", path, () =>
        fs.readFile(path).then(
          (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          (cause) => {
            if (codeOf(cause) === "ENOENT") return undefined
            throw cause
          },
        ),
      ),
    write: (path, bytes) =>
      inTurn(attempt("write", path, () => replace(path, (partial) => put(partial, bytes)))),
    copy: (from, to) =>
      inTurn(
        attempt("copy", from, async () => {
          if (!(await exists(from))) return
          await replace(to, async (partial) => {
            await fs.rm(partial, { force: true })
            // A second name costs nothing, and a write replaces the name, not what it stands for. Not every disk has them.
            await fs.link(from, partial).catch(async () => put(partial, await fs.readFile(from)))
          })
        }),
      ),
    remove: (path) => attempt("remove", path, () => fs.rm(path, { force: true })),
  }
}

/** Seen through to its end: what has begun on the disk goes on, interrupted or not. */
const attempt = <A>(
  operation: StorageError["operation"],
  path: string,
  act: () => Promise<A>,
): Effect.Effect<A, StorageError> =>
  Effect.uninterruptible(
    Effect.tryPromise({
      try: act,
      catch: (cause) => new StorageError({ operation, path, reason: messageOf(cause) }),
    }),
  )

const codeOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
