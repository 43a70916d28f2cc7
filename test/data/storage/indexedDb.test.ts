/** IndexedDB as a storage: what it refuses, and what it comes back from. What every storage does is in laws.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { IDBFactory, IDBObjectStore } from "fake-indexeddb"
import { vi } from "vitest"
import { Storage, StorageError } from "../../../src/index.ts"

beforeEach(() => void vi.stubGlobal("indexedDB", new IDBFactory()))
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const some = Uint8Array.of(1, 2, 3)
const other = Uint8Array.of(4, 5)

/** What a request comes to. */
const ended = <A>(request: IDBRequest<A>) =>
  Effect.promise(
    () =>
      new Promise<A>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      }),
  )

describe("Storage.indexedDb", () => {
  it.effect("holds files for whoever opens the database again, apart from other databases", () =>
    Effect.gen(function* () {
      const [one, again, another] = [
        yield* Storage.indexedDb("runs"),
        yield* Storage.indexedDb("runs"),
        yield* Storage.indexedDb("walks"),
      ]
      yield* one.write("fit", some)
      expect(yield* again.read("fit")).toEqual(some)
      expect(yield* another.read("fit")).toBeUndefined()
    }),
  )

  it.effect("says so where there is none, and works when there is", () =>
    Effect.gen(function* () {
      const factory = indexedDB
      vi.stubGlobal("indexedDB", undefined)
      const storage = yield* Storage.indexedDb("runs")
      const refused = yield* Effect.flip(storage.write("fit", some))
      expect(refused).toBeInstanceOf(StorageError)
      expect(refused.message).toBe("cannot write fit: this runtime has no IndexedDB")
      vi.stubGlobal("indexedDB", factory)
      yield* storage.write("fit", some)
      expect(yield* storage.read("fit")).toEqual(some)
    }),
  )

  it.effect("refuses a database of another program", () =>
    Effect.gen(function* () {
      yield* ended(indexedDB.open("theirs", 1))
      yield* ended(indexedDB.open("newer", 2))
      for (const [name, reason] of [
        ["theirs", /object ?store/i],
        ["newer", /version/i],
      ] as const) {
        const storage = yield* Storage.indexedDb(name)
        const { operation, reason: found } = yield* Effect.flip(storage.read("fit"))
        expect(operation).toBe("read")
        expect(found).toMatch(reason)
      }
    }),
  )

  it.effect("has the old file, and the reason, where a transaction is aborted", () =>
    Effect.gen(function* () {
      const storage = yield* Storage.indexedDb("runs")
      yield* storage.write("fit", some)
      // As when the disk is full: the request has succeeded, and then the transaction fails.
      const put = IDBObjectStore.prototype.put
      vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
        this: IDBObjectStore,
        value,
        key,
      ) {
        const request = put.call(this, value, key)
        const { transaction } = this
        request.addEventListener("success", () => {
          Object.defineProperty(transaction, "error", {
            get: () => new DOMException("the quota has been exceeded", "QuotaExceededError"),
          })
          transaction.abort()
        })
        return request
      })
      for (const act of [storage.write("fit", other), storage.copy("fit", "fit.1")]) {
        const refused = yield* Effect.flip(act)
        expect(refused).toBeInstanceOf(StorageError)
        expect(refused.reason).toBe("the quota has been exceeded")
      }
      vi.restoreAllMocks()
      expect(yield* storage.read("fit")).toEqual(some)
      expect(yield* storage.read("fit.1")).toBeUndefined()
    }),
  )

  it.effect("gives the reason where a request fails, in the first step of a copy or the second", () =>
    Effect.gen(function* () {
      const storage = yield* Storage.indexedDb("runs")
      yield* storage.write("fit", some)
      for (const method of ["get", "put"] as const) {
        vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore) {
          // A second record under one key is an error of the request, which then aborts the transaction.
          return this.add(other, "fit")
        })
        const refused = yield* Effect.flip(storage.copy("fit", "fit.1"))
        expect(refused.reason).toMatch(/constraint|already exists|key/i)
        vi.restoreAllMocks()
      }
      expect(yield* storage.read("fit")).toEqual(some)
    }),
  )

  it.effect("lets the database be deleted, and begins a new one", () =>
    Effect.gen(function* () {
      const storage = yield* Storage.indexedDb("runs")
      yield* storage.write("fit", some)
      // Waits for ever while a connection is open.
      yield* ended(indexedDB.deleteDatabase("runs"))
      expect(yield* storage.read("fit")).toBeUndefined()
      yield* storage.write("fit", other)
      expect(yield* storage.read("fit")).toEqual(other)
    }),
  )
})
