/**
 * All of a fit at one moment, on the host: what `resume` reads from a file, and what an interruption hands out. A fit that
 * goes on from it goes on as if it had never stopped, to the bit.
 *
 * As a file it is safetensors, so that other tools can read the arrays; the rest is in its metadata:
 *
 *   guidepost  "checkpoint"        format  "1"
 *   about      which fit this is   outline  the state, with references to the arrays
 *   sha256     of the whole file, with this value taken as zeros
 */
import { Effect, Result, Schema } from "effect"
import { decode as decodeSafetensors, encode as encodeSafetensors } from "../../data/Safetensors.ts"
import { CheckpointError } from "../errors.ts"
import type { Frozen, Json } from "./freeze.ts"

/** Which fit a checkpoint is of. */
const About = Schema.Struct({
  /** The algorithm: `"fitSVI"`, `"fitEM"`, … */
  algorithm: Schema.String,
  /** The key of the fit. */
  key: Schema.Struct({ hi: Schema.Number, lo: Schema.Number }),
  /** Rows of the data, and of a batch. */
  size: Schema.Number,
  batchSize: Schema.Number,
  /** How the rows of an epoch are ordered, if not as those of data in memory. */
  order: Schema.optionalKey(Schema.String),
  /** Steps (or iterations) taken. */
  step: Schema.Number,
})
export type About = typeof About.Type

/** A fit at one moment. It holds no tensors. */
export interface Checkpoint {
  readonly about: About
  /** What errors call it: the file's path, or what else it came from. */
  readonly name: string
  readonly frozen: Frozen
}

/** The checkpoint as the bytes of a file. Fails with `CheckpointError` where the runtime has no Web Cryptography. */
export const encode = Effect.fnUntraced(function* (
  checkpoint: Checkpoint,
): Effect.fn.Return<Uint8Array, CheckpointError> {
  const { about, frozen, name } = checkpoint
  const bytes = yield* Effect.mapError(
    encodeSafetensors(frozen.arrays, {
      guidepost: "checkpoint",
      format: FORMAT,
      about: JSON.stringify(about),
      outline: JSON.stringify(frozen.outline),
      sha256: NO_DIGEST,
    }),
    ({ expected, found }) =>
      new CheckpointError({ path: name, expected, found, advice: "this is a fault of the fit's state" }),
  )
  bytes.set(ascii(yield* digestOf(bytes, name)), placeOf(bytes, NO_DIGEST)!)
  return bytes
})

/**
 * Reads the bytes of a file. Fails with `CheckpointError` for what is truncated, altered in any bit, another kind of
 * file, or of a later format.
 */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<Checkpoint, CheckpointError> {
  const refuse = (expected: string, found: string, advice: string) =>
    new CheckpointError({ path: name, expected, found, advice })
  const { metadata, tensors } = yield* Effect.mapError(
    decodeSafetensors(bytes, name),
    ({ expected, found }) => refuse(expected, found, DAMAGED),
  )
  if (metadata.guidepost !== "checkpoint") {
    return yield* refuse(
      "a checkpoint",
      "safetensors of something else",
      "give the path that a fit's `checkpoint` option names",
    )
  }
  if (metadata.format !== FORMAT) {
    const found = `format ${metadata.format}`
    return yield* refuse(`format ${FORMAT}`, found, "resume with the version of Guidepost that wrote it")
  }
  const { sha256 = "" } = metadata
  const place = sha256.length === NO_DIGEST.length ? placeOf(bytes, sha256) : undefined
  if (place === undefined) return yield* refuse("a SHA-256 of itself", "none", DAMAGED)
  const blank = bytes.slice()
  blank.set(ascii(NO_DIGEST), place)
  const found = yield* digestOf(blank, name)
  if (found !== sha256) return yield* refuse(`the SHA-256 ${sha256}`, found, DAMAGED)

  const about = decodeAbout(metadata.about)
  const outline = Result.try(() => JSON.parse(metadata.outline!) as Json)
  if (Result.isFailure(about) || Result.isFailure(outline)) {
    return yield* refuse("what it is of, and its outline", "neither", "it was not written by this library")
  }
  const arrays = Object.fromEntries(
    Object.entries(tensors).map(([path, { dtype, shape, values }]) => [path, { dtype, shape, values }]),
  )
  return { about: about.success, name, frozen: { outline: outline.success, arrays } }
})

const FORMAT = "1"

const NO_DIGEST = "0".repeat(64)

const DAMAGED =
  "the file is damaged; resume from an older one (`keep` leaves them at .1, .2, …) or start again"

const decodeAbout = Schema.decodeUnknownResult(Schema.fromJsonString(About))

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Where the digest stands in the file. It is in the header, which ends where the first eight bytes say. */
const placeOf = (bytes: Uint8Array, digest: string): number | undefined => {
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, end))
  const place = header.indexOf(`"sha256":"${digest}"`)
  return place < 0 ? undefined : place + '"sha256":"'.length
}

const digestOf = (bytes: Uint8Array, name: string): Effect.Effect<string, CheckpointError> =>
  Effect.map(
    Effect.tryPromise({
      try: () => crypto.subtle.digest("SHA-256", bytes as BufferSource),
      catch: () =>
        new CheckpointError({
          path: name,
          expected: "a runtime with Web Cryptography (crypto.subtle)",
          found: "none",
          advice: "browsers have it on pages served by HTTPS or from localhost",
        }),
    }),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  )
