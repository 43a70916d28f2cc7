/**
 * Files on a disk that fails, in folders that refuse, and of processes that are killed: what was there before is whole.
 * What every storage does is in laws.test.ts.
 */
import { spawn } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { vi } from "vitest"
import { Key, Storage, StorageError } from "../../../src/index.ts"
import { files } from "./writer.ts"

let folder: string
const at = (name: string) => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "guidepost-files-"))
})
afterEach(() => {
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true })
})

const some = Uint8Array.of(1, 2, 3)
const other = Uint8Array.of(4, 5)

/** Why it was refused. */
const refusal = <A>(act: Effect.Effect<A, StorageError>) =>
  Effect.map(Effect.flip(act), (error) => {
    expect(error).toBeInstanceOf(StorageError)
    return error.reason
  })

describe("a path", () => {
  it.effect("leads through folders that a write makes", () =>
    Effect.gen(function* () {
      const storage = Storage.nodeFiles()!
      yield* storage.write(at("a/b/c/fit"), some)
      yield* storage.copy(at("a/b/c/fit"), at("d/e/fit"))
      expect(readdirSync(folder, { recursive: true }).sort()).toEqual(
        ["a", "a/b", "a/b/c", "a/b/c/fit", "d", "d/e", "d/e/fit"].map((path) => join(path)),
      )
    }),
  )

  it.skipIf(process.platform === "win32")("that is relative starts at the working directory", async () => {
    // Threads, in which other tests may run, have no directory of their own.
    const program = `
      import { Effect } from "effect"
      import { nodeFiles } from ${JSON.stringify(new URL("../../../src/data/storage/nodeFiles.ts", import.meta.url).href)}
      process.chdir(${JSON.stringify(folder)})
      const storage = nodeFiles()
      await Effect.runPromise(Effect.andThen(storage.write("fit", Uint8Array.of(1)), storage.copy("./fit", "runs/fit")))
    `
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" })
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0)
    expect([...readFileSync(at("fit")), ...readFileSync(at("runs/fit"))]).toEqual([1, 1])
  })

  it.effect("that is a folder is refused, and the folder left alone", () =>
    Effect.gen(function* () {
      const storage = Storage.nodeFiles()!
      mkdirSync(at("fit"))
      writeFileSync(at("fit/inside"), some)
      expect(yield* refusal(storage.read(at("fit")))).toMatch(/EISDIR|EPERM/)
      expect(yield* refusal(storage.write(at("fit"), other))).toMatch(/EISDIR|EPERM/)
      expect(yield* refusal(storage.copy(at("fit"), at("copy")))).toMatch(/EISDIR|EPERM/)
      expect(yield* refusal(storage.remove(at("fit")))).toMatch(/EISDIR|EPERM/)
      expect(readdirSync(folder, { recursive: true }).sort()).toEqual(["fit", join("fit", "inside")])
    }),
  )

  it.effect("below a file is refused, and the file left alone", () =>
    Effect.gen(function* () {
      const storage = Storage.nodeFiles()!
      writeFileSync(at("file"), some)
      writeFileSync(at("fit"), other)
      expect(yield* refusal(storage.write(at("file/fit"), other))).toMatch(/ENOTDIR|EEXIST/)
      expect(yield* refusal(storage.copy(at("fit"), at("file/fit")))).toMatch(/ENOTDIR|EEXIST/)
      expect(yield* refusal(storage.read(at("file/fit")))).toMatch(/ENOTDIR/)
      expect([...readFileSync(at("file"))]).toEqual([...some])
      expect(readdirSync(folder).sort()).toEqual(["file", "fit"])
    }),
  )
})

const isRoot = process.getuid?.() === 0
const isLinux = process.platform === "linux"

describe("a folder that cannot be written", () => {
  it.effect.skipIf(isRoot || process.platform === "win32")(
    `is refused, and its file left alone${isRoot ? " (skipped: root may write everywhere)" : ""}`,
    () =>
      Effect.gen(function* () {
        const storage = Storage.nodeFiles()!
        yield* storage.write(at("run/fit"), some)
        chmodSync(at("run"), 0o500)
        const refusals = [
          yield* refusal(storage.write(at("run/fit"), other)),
          yield* refusal(storage.copy(at("run/fit"), at("run/fit.1"))),
          yield* refusal(storage.remove(at("run/fit"))),
        ]
        const read = yield* storage.read(at("run/fit"))
        chmodSync(at("run"), 0o700)
        for (const reason of refusals) expect(reason).toMatch(/EACCES|EPERM/)
        expect(read).toEqual(some)
        expect(readdirSync(at("run"))).toEqual(["fit"])
      }),
  )

  it.effect.skipIf(!isLinux)(
    `is refused, also to root${isLinux ? "" : " (skipped: only Linux has /proc)"}`,
    () =>
      Effect.gen(function* () {
        const storage = Storage.nodeFiles()!
        yield* storage.write(at("fit"), some)
        expect(yield* storage.read("/proc/guidepost/fit")).toBeUndefined()
        expect(yield* refusal(storage.write("/proc/guidepost/fit", some))).toMatch(/ENOENT|EACCES|EPERM/)
        expect(yield* refusal(storage.copy(at("fit"), "/proc/guidepost/fit"))).toMatch(/ENOENT|EACCES|EPERM/)
        expect(yield* refusal(storage.write("/proc/version", some))).toMatch(/ENOENT|EACCES|EPERM/)
      }),
  )
})

describe("a disk", () => {
  it.effect.skipIf(!isLinux)(
    `that is full leaves the old file and nothing else${isLinux ? "" : " (skipped: only Linux has /dev/full)"}`,
    () =>
      Effect.gen(function* () {
        const storage = Storage.nodeFiles()!
        yield* storage.write(at("fit"), some)
        symlinkSync("/dev/full", at("fit.partial"))
        expect(yield* refusal(storage.write(at("fit"), other))).toContain("ENOSPC: no space left on device")
        expect([...readFileSync(at("fit"))]).toEqual([...some])
        expect(readdirSync(folder)).toEqual(["fit"])
        yield* storage.write(at("fit"), other)
        expect([...readFileSync(at("fit"))]).toEqual([...other])
      }),
  )

  /** Node's files with some of them changed. */
  const withFiles = (changes: Partial<typeof fs>) => {
    const { getBuiltinModule } = process
    vi.stubGlobal("process", {
      getBuiltinModule: (name: string) =>
        name === "node:fs/promises" ? { ...fs, ...changes } : getBuiltinModule(name),
    })
    const storage = Storage.nodeFiles()!
    vi.unstubAllGlobals()
    return storage
  }

  it.effect("without second names for a file gets a copy that is flushed", () =>
    Effect.gen(function* () {
      const flushed: Array<string> = []
      const storage = withFiles({
        link: () => Promise.reject(new Error("EPERM: operation not permitted, link")),
        open: async (path, flags) => {
          const file = await fs.open(path, flags)
          const sync = file.sync.bind(file)
          file.sync = () => {
            flushed.push(`${path} ${flags}`)
            return sync()
          }
          return file
        },
      })
      yield* storage.write(at("fit"), some)
      yield* storage.copy(at("fit"), at("fit.1"))
      yield* storage.write(at("fit"), other)
      expect([...readFileSync(at("fit.1"))]).toEqual([...some])
      const [write, copy] = [
        [`${at("fit")}.partial w`, `${folder} r`],
        [`${at("fit.1")}.partial w`, `${folder} r`],
      ]
      expect(flushed).toEqual([...write, ...copy, ...write])
    }),
  )

  const failing = (name: "rename" | "open" | "link") => ({
    [name]: () => Promise.reject(new Error("EIO: input/output error")),
  })

  it.effect("whose rename fails leaves the old file and nothing else", () =>
    Effect.gen(function* () {
      yield* Storage.nodeFiles()!.write(at("fit"), some)
      const storage = withFiles(failing("rename"))
      expect(yield* refusal(storage.write(at("fit"), other))).toContain("EIO")
      expect(yield* refusal(storage.copy(at("fit"), at("fit.1")))).toContain("EIO")
      expect([...readFileSync(at("fit"))]).toEqual([...some])
      expect(readdirSync(folder)).toEqual(["fit"])
    }),
  )

  it.effect("whose flush fails leaves the old file and nothing else", () =>
    Effect.gen(function* () {
      yield* Storage.nodeFiles()!.write(at("fit"), some)
      const storage = withFiles({
        open: async (path, flags) => {
          const file = await fs.open(path, flags)
          file.sync = () => Promise.reject(new Error("EIO: input/output error, fsync"))
          return file
        },
      })
      expect(yield* refusal(storage.write(at("fit"), other))).toContain("EIO")
      expect([...readFileSync(at("fit"))]).toEqual([...some])
      expect(readdirSync(folder)).toEqual(["fit"])
    }),
  )

  it.effect("whose folders cannot be flushed is written all the same, as on Windows", () =>
    Effect.gen(function* () {
      const storage = withFiles({
        open: (path, flags) => (flags === "r" ? Promise.reject(new Error("EISDIR")) : fs.open(path, flags)),
      })
      yield* storage.write(at("fit"), some)
      expect([...readFileSync(at("fit"))]).toEqual([...some])
    }),
  )
})

describe("a write", () => {
  it.effect("that has begun is seen through when its fiber is interrupted", () =>
    Effect.gen(function* () {
      const storage = Storage.nodeFiles()!
      const large = new Uint8Array(5e6).fill(7)
      yield* storage.write(at("fit"), some)
      const writer = yield* Effect.forkChild(storage.write(at("fit"), large))
      while (!existsSync(at("fit.partial")) && writer.pollUnsafe() === undefined) {
        yield* Effect.promise(() => new Promise(setImmediate))
      }
      yield* Fiber.interrupt(writer)
      expect(readdirSync(folder)).toEqual(["fit"])
      expect(Buffer.compare(readFileSync(at("fit")), large)).toBe(0)
    }),
  )

  // Killed in the middle of a write, a process of its own leaves one file or the other: never both, and never a part.
  it("leaves one whole file or the other when its process is killed, wherever it was", {
    timeout: 240_000,
  }, async () => {
    const whole = (path: string) => files.some((file) => Buffer.compare(readFileSync(path), file) === 0)
    let inTheMiddle = 0
    // Ten kills in each of two lanes; more only where the disk is so quick that none of them met a write.
    const lives = async (lane: number) => {
      const delays = Key.uniformValues(Key.key(lane), [50])
      for (let life = 0; life < 10 || (inTheMiddle === 0 && life < delays.length); life++) {
        const path = at(`lane ${lane}/fit`)
        await killed(path, 40 * delays[life]!)
        expect(whole(path)).toBe(true)
        expect(whole(`${path}.1`)).toBe(true)
        if (readdirSync(at(`lane ${lane}`)).some((name) => name.endsWith(".partial"))) inTheMiddle++
      }
    }
    await Promise.all([lives(0), lives(1)])
    // Else the kills came where nothing can go wrong.
    expect(inTheMiddle).toBeGreaterThan(0)
    // What a killed one left is in nobody's way.
    const storage = Storage.nodeFiles()!
    for (const lane of [0, 1]) {
      const path = at(`lane ${lane}/fit`)
      await Effect.runPromise(Effect.andThen(storage.copy(path, `${path}.1`), storage.write(path, some)))
      expect(readdirSync(at(`lane ${lane}`)).sort()).toEqual(["fit", "fit.1"])
      expect([...readFileSync(path)]).toEqual([...some])
    }
  })
})

/** Starts the writer, and kills it so many milliseconds after its first write. */
const killed = (path: string, mercy: number) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("writer.ts", import.meta.url)), path], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), mercy))
    child.on("error", reject)
    child.on("close", (_, signal) =>
      signal === "SIGKILL" ? resolve() : reject(new Error("the writer ended by itself")),
    )
  })
