/**
 * Node's file system as a {@link Storage}. No Node built-in is imported: Node hands its own out through
 * `process.getBuiltinModule` (20.16 and later), and elsewhere there is no such storage.
 *
 * A file is written under a name beside its own (`.partial`), flushed to the disk, and renamed, which POSIX and NTFS do
 * at one stroke; then the folder is flushed. A process killed on the way leaves the old file, and a `.partial` that the
 * next write overwrites.
 */
import { Effect } from "effect"
import { StorageError } from "../errors.ts"
import type { Storage } from "../Storage.ts"

/** The storage, or nothing where there is no Node. Relative paths are relative to the working directory. */
export const nodeFiles = (): Storage | undefined => {
  const node = typeof process === "undefined" ? undefined : process
  const fs = node?.getBuiltinModule?.("node:fs/promises")
  const paths = node?.getBuiltinModule?.("node:path")
  if (fs === undefined || paths === undefined) return undefined

  /** Makes `path.partial` by `fill`, and then `path` of it. */
  const replace = async (path: string, fill: (partial: string) => Promise<void>): Promise<void> => {
    const folder = paths.dirname(path)
    const partial = `${path}.partial`
    await fs.mkdir(folder, { recursive: true })
    try {
      await fill(partial)
      await fs.rename(partial, path)
    } catch (cause) {
      await fs.rm(partial, { force: true }).catch(() => {})
      throw cause
    }
    await flushFolder(folder)
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
        if (isAbsent(cause)) return false
        throw cause
      },
    )

  return {
    read: (path) =>
      attempt("read", path, () =>
        fs.readFile(path).then(
          (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          (cause) => {
            if (isAbsent(cause)) return undefined
            throw cause
          },
        ),
      ),
    write: (path, bytes) =>
      attempt("write", path, () =>
        replace(path, async (partial) => {
          const file = await fs.open(partial, "w")
          try {
            await file.writeFile(bytes)
            await file.sync()
          } finally {
            await file.close()
          }
        }),
      ),
    copy: (from, to) =>
      attempt("copy", from, async () => {
        if (!(await exists(from))) return
        await replace(to, async (partial) => {
          await fs.rm(partial, { force: true })
          // A second name costs nothing, and a write replaces the name, not what it stands for. Not every disk has them.
          await fs.link(from, partial).catch(() => fs.copyFile(from, partial))
        })
      }),
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

const isAbsent = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ENOENT"

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
