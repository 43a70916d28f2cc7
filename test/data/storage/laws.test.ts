/**
 * What every storage promises, one law after another for each of them: a checkpoint rests on these and on nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import { indexedDB } from "fake-indexeddb"
import { afterAll, beforeAll, vi } from "vitest"
import { Storage } from "../../../src/index.ts"

/** A storage that is empty, and a path in it. */
interface Row {
  readonly name: string
  readonly make: Effect.Effect<readonly [Storage, path: string], never, Scope.Scope>
}

let databases = 0

const rows: ReadonlyArray<Row> = [
  { name: "Storage.memory", make: Effect.map(Storage.memory, (storage) => [storage, "fit"] as const) },
  {
    name: "Storage.nodeFiles",
    make: Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "guidepost-storage-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
      ),
      (folder) => [Storage.nodeFiles()!, join(folder, "runs", "fit")] as const,
    ),
  },
  {
    name: "Storage.indexedDb",
    make: Effect.map(
      Effect.suspend(() => Storage.indexedDb(`laws ${databases++}`)),
      (storage) => [storage, "fit"] as const,
    ),
  },
]

beforeAll(() => void vi.stubGlobal("indexedDB", indexedDB))
afterAll(() => void vi.unstubAllGlobals())

/** So many bytes, told apart from others by `seed`. */
const bytesOf = (length: number, seed = 0) => Uint8Array.from({ length }, (_, i) => (7 * i + seed) % 251)

describe.each(rows)("$name", ({ make }) => {
  const law = (name: string, test: (storage: Storage, path: string) => Effect.Effect<void, unknown>) =>
    it.effect(name, () => Effect.scoped(Effect.flatMap(make, ([storage, path]) => test(storage, path))))

  law("reads nothing where no file is, and leaves nothing behind", (storage, path) =>
    Effect.gen(function* () {
      expect(yield* storage.read(path)).toBeUndefined()
      yield* storage.copy(path, `${path}.1`)
      yield* storage.remove(path)
      expect(yield* storage.read(path)).toBeUndefined()
      expect(yield* storage.read(`${path}.1`)).toBeUndefined()
    }),
  )

  law("reads what was written, of any length", (storage, path) =>
    Effect.gen(function* () {
      for (const length of [0, 1, 1000, 300_001]) {
        yield* storage.write(path, bytesOf(length))
        const read = yield* storage.read(path)
        expect(read?.constructor).toBe(Uint8Array)
        expect(Buffer.compare(read!, bytesOf(length))).toBe(0)
      }
    }),
  )

  law("writes a part of a buffer as what it is", (storage, path) =>
    Effect.gen(function* () {
      yield* storage.write(path, bytesOf(100).subarray(3, 20))
      expect(yield* storage.read(path)).toEqual(bytesOf(100).slice(3, 20))
    }),
  )

  law("has a copy of its own, both ways", (storage, path) =>
    Effect.gen(function* () {
      const bytes = bytesOf(10)
      yield* storage.write(path, bytes)
      bytes.fill(255)
      const read = yield* storage.read(path)
      expect(read).toEqual(bytesOf(10))
      read!.fill(255)
      expect(yield* storage.read(path)).toEqual(bytesOf(10))
    }),
  )

  law("overwrites a longer file and a shorter one", (storage, path) =>
    Effect.gen(function* () {
      for (const length of [50, 2000, 7]) {
        yield* storage.write(path, bytesOf(length, length))
        expect(yield* storage.read(path)).toEqual(bytesOf(length, length))
      }
    }),
  )

  law("keeps a copy as it was when the original is rewritten or removed", (storage, path) =>
    Effect.gen(function* () {
      yield* storage.write(path, bytesOf(10, 1))
      yield* storage.copy(path, `${path}.1`)
      yield* storage.write(path, bytesOf(20, 2))
      expect(yield* storage.read(`${path}.1`)).toEqual(bytesOf(10, 1))
      yield* storage.copy(path, `${path}.2`)
      yield* storage.remove(path)
      expect(yield* storage.read(`${path}.2`)).toEqual(bytesOf(20, 2))
      expect(yield* storage.read(path)).toBeUndefined()
      yield* storage.write(`${path}.2`, bytesOf(5, 3))
      expect(yield* storage.read(`${path}.1`)).toEqual(bytesOf(10, 1))
    }),
  )

  law("copies over a file, over its own copy, and onto itself", (storage, path) =>
    Effect.gen(function* () {
      yield* storage.write(`${path}.1`, bytesOf(30, 1))
      yield* storage.write(path, bytesOf(10, 2))
      for (const to of [`${path}.1`, `${path}.1`, path]) yield* storage.copy(path, to)
      expect(yield* storage.read(path)).toEqual(bytesOf(10, 2))
      expect(yield* storage.read(`${path}.1`)).toEqual(bytesOf(10, 2))
      yield* storage.write(path, bytesOf(10, 3))
      expect(yield* storage.read(`${path}.1`)).toEqual(bytesOf(10, 2))
    }),
  )

  law("removes one file and no other", (storage, path) =>
    Effect.gen(function* () {
      for (const name of ["", ".1", "/deeper/in"]) {
        const file = name === "/deeper/in" ? `${path}s${name}` : path + name
        yield* storage.write(file, bytesOf(3))
        yield* storage.write(`${file} ü`, bytesOf(4))
        yield* storage.remove(file)
        expect(yield* storage.read(file)).toBeUndefined()
        expect(yield* storage.read(`${file} ü`)).toEqual(bytesOf(4))
      }
    }),
  )

  law("shows a reader the file before a write or after it, whoever writes", (storage, path) =>
    Effect.gen(function* () {
      const files = [bytesOf(200_000, 1), bytesOf(300_000, 2), bytesOf(100_000, 3)]
      yield* storage.write(path, files[0]!)
      const writers = yield* Effect.forkChild(
        Effect.forEach(
          files,
          (bytes) => Effect.forEach([1, 2, 3, 4, 5], () => storage.write(path, bytes), { discard: true }),
          { concurrency: "unbounded", discard: true },
        ),
      )
      do {
        const read = yield* storage.read(path)
        expect(files.some((file) => Buffer.compare(file, read!) === 0)).toBe(true)
      } while (writers.pollUnsafe() === undefined)
      yield* Fiber.join(writers)
    }),
  )

  law("has the file as before or as after when a write is interrupted", (storage, path) =>
    Effect.gen(function* () {
      const files = [bytesOf(300_000, 1), bytesOf(200_000, 2)]
      yield* storage.write(path, files[0]!)
      for (let turns = 0; turns < 6; turns++) {
        const writer = yield* Effect.forkChild(storage.write(path, files[turns % 2]!))
        for (let turn = 0; turn < turns; turn++) yield* Effect.promise(() => new Promise(setImmediate))
        yield* Fiber.interrupt(writer)
        const read = yield* storage.read(path)
        expect(files.some((file) => Buffer.compare(file, read!) === 0)).toBe(true)
        // And what was interrupted has left nothing that is in the way.
        yield* storage.write(path, files[1]!)
        expect(Buffer.compare((yield* storage.read(path))!, files[1]!)).toBe(0)
      }
    }),
  )
})
