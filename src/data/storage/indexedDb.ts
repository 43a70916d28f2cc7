/**
 * The browser's IndexedDB as a {@link Storage}: there in pages, in their workers and in service workers. A file is one
 * record, written in one transaction of strict durability, so that a page closed on the way finds the file as it was.
 */
import { Effect } from "effect"
import { StorageError } from "../errors.ts"
import type { Storage } from "../Storage.ts"

/** Files in the database of this name, which is made where there is none. Fails at its first use where there is no IndexedDB. */
export const indexedDb = (database: string): Effect.Effect<Storage> =>
  Effect.sync(() => {
    let opened: Promise<IDBDatabase> | undefined
    const open = (): Promise<IDBDatabase> => {
      opened ??= openDatabase(database, () => {
        opened = undefined
      })
      // A refusal may be temporary: a version change, a quota. The next use asks again.
      opened.catch(() => {
        opened = undefined
      })
      return opened
    }

    const within = <A>(
      operation: StorageError["operation"],
      path: string,
      mode: IDBTransactionMode,
      use: (files: IDBObjectStore) => Promise<A>,
    ): Effect.Effect<A, StorageError> =>
      Effect.uninterruptible(
        Effect.tryPromise({
          try: async () => {
            const transaction = (await open()).transaction(store, mode, { durability: "strict" })
            const ended = ending(transaction)
            const [value] = await Promise.all([use(transaction.objectStore(store)), ended])
            return value
          },
          catch: (cause) =>
            new StorageError({
              operation,
              path,
              reason: cause instanceof Error ? cause.message : String(cause),
            }),
        }),
      )

    return {
      read: (path) =>
        within("read", path, "readonly", (files) =>
          answer<Uint8Array | undefined>(files.get(path) as IDBRequest<Uint8Array | undefined>),
        ),
      write: (path, bytes) => within("write", path, "readwrite", (files) => answer(files.put(bytes, path))),
      copy: (from, to) =>
        within("copy", from, "readwrite", async (files) => {
          const bytes = await answer<unknown>(files.get(from))
          if (bytes !== undefined) await answer(files.put(bytes, to))
        }),
      remove: (path) => within("remove", path, "readwrite", (files) => answer(files.delete(path))),
    } as Storage
  })

const store = "files"

/** `onLost` is told when the connection ends: by the browser, or for a page that deletes or changes the database. */
const openDatabase = (name: string, onLost: () => void): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    if (typeof indexedDB === "undefined") return reject(new Error("this runtime has no IndexedDB"))
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(store)
    request.onsuccess = () => {
      const connection = request.result
      connection.onclose = onLost
      connection.onversionchange = () => {
        connection.close()
        onLost()
      }
      resolve(connection)
    }
    request.onerror = () => reject(request.error)
  })

const answer = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const ending = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    // Every error ends in an abort, which alone knows the reason: a quota, say.
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"))
  })
