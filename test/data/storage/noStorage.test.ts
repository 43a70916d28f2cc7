/** Where there is no Node: nothing is touched, and whoever asks for a file is told what to provide. */
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"

// Each runtime's storage is chosen once, at its first use.
beforeEach(() => void vi.resetModules())
afterEach(() => void vi.unstubAllGlobals())

const runtimes: Readonly<Record<string, unknown>> = {
  "without a process": undefined,
  "with a process that is a bundler's": { env: {} },
  "whose Node has no files": { getBuiltinModule: () => undefined },
}

const library = Effect.promise(() => import("../../../src/index.ts"))

describe.each(Object.entries(runtimes))("a runtime %s", (_, process) => {
  it.effect("refuses each operation, and says what to provide", () =>
    Effect.gen(function* () {
      const { Storage, StorageError } = yield* library
      vi.stubGlobal("process", process)
      expect(Storage.nodeFiles()).toBeUndefined()
      const storage = yield* Storage
      const operations = {
        read: storage.read("fit"),
        write: storage.write("fit", Uint8Array.of(1)),
        copy: storage.copy("fit", "fit.1"),
        remove: storage.remove("fit"),
      }
      vi.unstubAllGlobals()
      for (const [operation, act] of Object.entries<
        Effect.Effect<unknown, InstanceType<typeof StorageError>>
      >(operations)) {
        const error = yield* Effect.flip(act)
        expect(error).toBeInstanceOf(StorageError)
        expect(error.message).toBe(
          `cannot ${operation} fit: this runtime has no file system: provide a Storage, such as ` +
            "Storage.indexedDb(name) or Storage.memory",
        )
      }
    }),
  )

  it.effect("makes it a CheckpointError for who resumes", () =>
    Effect.gen(function* () {
      const { CheckpointError, resume, Storage } = yield* library
      vi.stubGlobal("process", process)
      yield* Storage
      vi.unstubAllGlobals()
      const error = yield* Effect.flip(resume.ifPresent("fit"))
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toContain("provide a Storage")
    }),
  )
})

describe("a runtime with Node", () => {
  it.effect("has its files without being asked", () =>
    Effect.gen(function* () {
      const { Storage } = yield* library
      const storage = yield* Storage
      expect((yield* storage.read(import.meta.filename))?.length).toBeGreaterThan(500)
    }),
  )
})
