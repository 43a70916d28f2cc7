/**
 * A checkpoint whose bytes have suffered loads exactly as it was, or not at all: then with a `CheckpointError` that names
 * the file. The same for files that were never checkpoints, or are of another version.
 */
import { createHash } from "node:crypto"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Exit, Result } from "effect"
import {
  Backend,
  Checkpoint,
  CheckpointError,
  Dataset,
  fitSVI,
  Key,
  Optimizer,
  resume,
  Safetensors,
  Storage,
} from "../../../src/index.ts"
import { rows } from "../gaussian.ts"

/** A checkpoint of a small fit, as a file. */
const written = (seed: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const values = Array.from(Key.normalValues(Key.key(1), [20]))
      const data = yield* Dataset.fromArray(values, [20])
      const fit = yield* fitSVI(rows.model(20, 1.3, 0.2), rows.guide(20), data, {
        key: Key.key(seed),
        batchSize: 6,
        steps: 7,
        optimizer: Optimizer.adam(0.05),
      })
      return yield* Checkpoint.encode(yield* fit.checkpoint)
    }),
  )

/** The random numbers of one corruption. */
const randomness = (seed: number) => {
  let drawn = 0
  return {
    /** A whole number from 0 up to but not including `n`. */
    below: (n: number) =>
      Math.min(n - 1, Math.floor(n * Key.uniformValues(Key.foldIn(Key.key(seed), drawn++), [1])[0]!)),
    bytes: (n: number) =>
      Uint8Array.from(Key.uniformValues(Key.foldIn(Key.key(seed), drawn++), [n]), (u) => Math.floor(256 * u)),
  }
}
type Randomness = ReturnType<typeof randomness>

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

/** Where the arrays begin. */
const startOf = (file: Uint8Array): number =>
  8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))

/** A random range that is not empty: its beginning and end. */
const range = ({ below }: Randomness, length: number, most = length): readonly [number, number] => {
  const begin = below(length)
  return [begin, begin + 1 + below(Math.min(most, length - begin))]
}

const flipped = ({ below }: Randomness, file: Uint8Array, within: number): Uint8Array => {
  const bytes = file.slice()
  for (let bits = 1 + below(8); bits > 0; bits--) bytes[below(within)]! ^= 1 << below(8)
  return bytes
}

/** What can happen to a file, given another of the same kind. */
const corruptions: Readonly<
  Record<string, (random: Randomness, file: Uint8Array, other: Uint8Array) => Uint8Array>
> = {
  "cut short": ({ below }, file) => file.slice(0, below(file.length)),
  "bits flipped": (random, file) => flipped(random, file, file.length),
  "bits flipped in the header": (random, file) => flipped(random, file, startOf(file)),
  "bits flipped in the length": (random, file) => flipped(random, file, 8),
  "two ranges swapped": (random, file) => {
    const middle = 1 + random.below(file.length - 1)
    const [a, b] = range(random, middle)
    const [c, d] = range(random, file.length - middle).map((at) => at + middle) as [number, number]
    return joined(file.slice(0, a), file.slice(c, d), file.slice(b, c), file.slice(a, b), file.slice(d))
  },
  "two bytes swapped": ({ below }, file) => {
    const bytes = file.slice()
    const [i, j] = [below(file.length), below(file.length)]
    ;[bytes[i], bytes[j]] = [bytes[j]!, bytes[i]!]
    return bytes
  },
  "bytes appended": ({ below, bytes }, file) => joined(file, bytes(1 + below(64))),
  "bytes before it": ({ below, bytes }, file) => joined(bytes(1 + below(16)), file),
  "a range of zeros": (random, file) => file.slice().fill(0, ...range(random, file.length)),
  "zeros to its end": ({ below }, file) => file.slice().fill(0, below(file.length)),
  "a range of noise": (random, file) => {
    const [begin, end] = range(random, file.length, 200)
    return joined(file.slice(0, begin), random.bytes(end - begin), file.slice(end))
  },
  "a range twice": (random, file) => {
    const [begin, end] = range(random, file.length)
    return joined(file.slice(0, end), file.slice(begin))
  },
  "a range missing": (random, file) => {
    const [begin, end] = range(random, file.length, 64)
    return joined(file.slice(0, begin), file.slice(end))
  },
  "another after it": (_, file, other) => joined(file, other),
  "another from some byte on": ({ below }, file, other) => {
    const at = below(file.length)
    return joined(file.slice(0, at), other.slice(at))
  },
  "another's header": (_, file, other) => joined(other.slice(0, startOf(other)), file.slice(startOf(file))),
  "some of another's bytes": (random, file, other) => {
    const [begin, end] = range(random, Math.min(file.length, other.length))
    return joined(file.slice(0, begin), other.slice(begin, end), file.slice(end))
  },
  "one digit of text changed": ({ below }, file) => {
    const bytes = file.slice()
    const digits = [...file.keys()].filter((i) => i < startOf(file) && file[i]! >= 48 && file[i]! <= 57)
    bytes[digits[below(digits.length)]!] = 48 + below(10)
    return bytes
  },
  noise: ({ below, bytes }, file) => bytes(1 + below(file.length)),
}

/** Of 1,000 corruptions this many may leave the file as it was: bits that flip back, bytes that were zeros. */
const mostHarmless = 100

layer(Backend.cpu())("a checkpoint", (it) => {
  it.effect("that was corrupted, in 1,000 ways, loads as it was or fails with CheckpointError", () =>
    Effect.gen(function* () {
      const files = [yield* written(1), yield* written(2)] as const
      const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
      const whole = yield* Effect.all(files.map((file) => Checkpoint.decode(file, "fit.safetensors")))
      expect(same(...files)).toBe(false)
      const kinds = Object.entries(corruptions)
      let harmless = 0
      for (let i = 0; i < 1_000; i++) {
        const [kind, corrupt] = kinds[i % kinds.length]!
        const file = corrupt(randomness(i), files[0], files[1])
        const exit = yield* Effect.exit(Effect.result(Checkpoint.decode(file, "fit.safetensors")))
        const told = `${kind}, seed ${i}`
        expect(Exit.isSuccess(exit), `${told}: ${exit}`).toBe(true)
        if (!Exit.isSuccess(exit)) continue
        const original = files.findIndex((one) => same(one, file))
        if (Result.isSuccess(exit.value)) {
          harmless++
          expect(original, `${told} loads`).toBeGreaterThanOrEqual(0)
          expect(exit.value.success, told).toEqual(whole[original])
        } else {
          expect(original, `${told} fails`).toBe(-1)
          expect(exit.value.failure, told).toBeInstanceOf(CheckpointError)
          expect(exit.value.failure.message, told).toMatch(/^checkpoint fit\.safetensors: expected .+; .+/)
        }
      }
      expect(harmless).toBeLessThan(mostHarmless)
    }),
  )

  it.effect("is refused in the same way by resume, which leaves the file alone", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const file = (yield* written(1)).slice(0, -1)
      yield* storage.write("fit.safetensors", file)
      for (const read of [resume, resume.ifPresent]) {
        const error = yield* Effect.flip(read("fit.safetensors"))
        expect(error).toBeInstanceOf(CheckpointError)
        expect(error.message).toContain(
          "the file is damaged; resume from an older one (`keep` leaves them at .1",
        )
      }
      expect(yield* storage.read("fit.safetensors")).toEqual(file)
    }).pipe(Effect.provideServiceEffect(Storage, Storage.memory)),
  )

  it.effect("of another version says which, signed or not", () =>
    Effect.gen(function* () {
      const { metadata, tensors } = yield* Safetensors.decode(yield* written(1), "fit")
      for (const format of ["0", "2", "10", ""]) {
        const file = yield* signed(tensors, { ...metadata, format })
        const { expected, found, advice } = yield* Effect.flip(Checkpoint.decode(file, "fit"))
        expect([expected, found]).toEqual(["format 1", `format ${format}`])
        expect(advice).toBe("resume with the version of Guidepost that wrote it")
      }
    }),
  )

  it.effect("that is signed and makes no sense is refused", () =>
    Effect.gen(function* () {
      const file = yield* written(1)
      const { metadata, tensors } = yield* Safetensors.decode(file, "fit")
      expect(yield* signed(tensors, metadata)).toEqual(file)
      const without = (name: string) =>
        Object.fromEntries(Object.entries(metadata).filter(([other]) => other !== name))
      const cases = [
        without("about"),
        without("outline"),
        { ...metadata, about: "{}" },
        { ...metadata, about: metadata.about!.replace('"step":7', '"step":"7"') },
        { ...metadata, about: "step 7" },
        { ...metadata, outline: "{" },
        { ...metadata, outline: "" },
      ]
      for (const changed of cases) {
        const error = yield* Effect.flip(Checkpoint.decode(yield* signed(tensors, changed), "fit"))
        expect(error).toBeInstanceOf(CheckpointError)
        expect(error.advice).toBe("it was not written by this library")
      }
      const unsigned = yield* Safetensors.encode(tensors, without("sha256"))
      expect((yield* Effect.flip(Checkpoint.decode(unsigned, "fit"))).expected).toBe("a SHA-256 of itself")
    }),
  )
})

/** A file of these contents that carries its own digest, as only a program makes one. */
const signed = (tensors: Safetensors.Encodable, metadata: Readonly<Record<string, string>>) =>
  Effect.map(Safetensors.encode(tensors, { ...metadata, sha256: "0".repeat(64) }), (bytes) => {
    const digest = createHash("sha256").update(bytes).digest("hex")
    const place = Buffer.from(bytes).indexOf(`"sha256":"${"0".repeat(64)}"`) + '"sha256":"'.length
    bytes.set(new TextEncoder().encode(digest), place)
    return bytes
  })

describe("a file of another kind", () => {
  const text = (content: string) => Effect.succeed(new TextEncoder().encode(content))
  const header = (content: string, length = content.length) =>
    Effect.map(text(content), (bytes) =>
      joined(new Uint8Array(new BigUint64Array([BigInt(length)]).buffer), bytes),
    )
  const deep = "[".repeat(1e5) + "]".repeat(1e5)
  const cases: Readonly<
    Record<string, readonly [Effect.Effect<Uint8Array, unknown>, found: string | RegExp]>
  > = {
    "no bytes": [text(""), "0 bytes"],
    "seven bytes": [text("7 bytes"), "7 bytes"],
    "a text": [text("Dear reader, this is a letter."), /no safetensors file/],
    JSON: [text('{"params": {"w": [1, 2, 3]}}'), /no safetensors file/],
    "a million zeros": [Effect.sync(() => new Uint8Array(1e6)), /""/],
    "parameters of another program": [
      Safetensors.encode({ w: { shape: [2], values: new Float32Array(2) } }, { format: "pt" }),
      "safetensors of something else",
    ],
    "safetensors of nothing": [header("{}"), "safetensors of something else"],
    "a header of a hundred megabytes that is not there": [header("{}", 99_999_999), /truncated/],
    "a header without end": [header("{".repeat(10_000)), /SyntaxError/],
    "a header of lists 100,000 deep": [header(`{"a":${deep}}`), "too deep to show"],
    "metadata of lists 100,000 deep": [header(`{"__metadata__":${deep}}`), "too deep to show"],
  }
  it.effect.each(Object.entries(cases))("%s is refused", ([, [file, found]]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Checkpoint.decode(yield* file, "letter.txt"))
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.path).toBe("letter.txt")
      expect(error.found).toMatch(found)
    }),
  )
})
