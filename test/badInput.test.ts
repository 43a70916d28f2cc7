/**
 * Bad input for every public function: the typed refusal, with a message that says what was asked, what was found and
 * where; and no tensor left behind. The rows are in badInput/, those of the distribution families in laws/.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit } from "effect"
import * as guidepost from "../src/index.ts"
import { rows as autoguides } from "./badInput/autoguides.ts"
import { rows as backends } from "./badInput/backends.ts"
import { rows as checkpoints } from "./badInput/checkpoints.ts"
import { rows as data } from "./badInput/data.ts"
import { rows as distributions } from "./badInput/distributions.ts"
import { rows as draws } from "./badInput/draws.ts"
import { rows as em } from "./badInput/em.ts"
import { rows as fit } from "./badInput/fit.ts"
import { rows as gaussianMixture } from "./badInput/gaussianMixture.ts"
import { rows as latents } from "./badInput/latents.ts"
import { rows as networks } from "./badInput/networks.ts"
import { rows as objectives } from "./badInput/objectives.ts"
import { rows as optimizers } from "./badInput/optimizers.ts"
import { rows as pairs } from "./badInput/pairs.ts"
import { rows as programs } from "./badInput/programs.ts"
import { disown, type Row } from "./badInput/Row.ts"
import { rows as scans } from "./badInput/scans.ts"
import { rows as tensors } from "./badInput/tensors.ts"
import { families } from "./laws/families.ts"

const tables = {
  tensors,
  distributions,
  programs,
  networks,
  latents,
  objectives,
  optimizers,
  em,
  scans,
  fit,
  pairs,
  draws,
  data,
  gaussianMixture,
  autoguides,
  checkpoints,
}
const face: Readonly<Record<string, unknown>> = { ...guidepost }

/** Functions that refuse nothing of what their types let in, and why. */
const total: Readonly<Record<string, string>> = {
  initToMedian: "it draws from what the model has declared, which is refused there",
  initToSample: "as initToMedian",
  hasKl: "a question about any two distributions",
  enumerated: "it has no options; what it cannot sum, the fit refuses",
  perRow: "a division: no rows give what a division by 0 gives",
  svi: "what it throws comes out of the fit that drives it",
  Telemetry: "as Storage",
  Storage: "a key of the context, not a function to call",
  "Initializer.zeros": "it is `constant` of 0",
  "Key.foldIn": "any number will do: one that is no whole number goes in by its bit pattern",
  "Key.foldInName": "any text will do",
  "Key.key": "any number is a seed",
  "Key.threefry2x32": "any two numbers are a counter",
  "Network.below": "it renames a problem",
  "Network.inside": "it renames a run",
  "Transform.prefixed": "it renames parameters",
  "Tree.clone": "any tree will do, as for those below",
  "Tree.count": "",
  "Tree.dispose": "",
  "Tree.entries": "",
  "Tree.isTensor": "",
  "Tree.keep": "",
  "Tree.leaves": "",
  "Tree.map": "",
  "Tree.norm": "",
  "Tree.toHost": "",
}

const tensorsAlive = () => tf.engine().state.numTensors

/** What came back in place of a result: an error, or text that says what else. */
const refusal = (row: Row): Effect.Effect<unknown> => {
  if (row.how === "fails") {
    const program = Effect.scoped(Effect.suspend(row.run as () => Effect.Effect<unknown, unknown>))
    return Effect.map(Effect.exit(program), (exit) => {
      if (Exit.isSuccess(exit)) return "it succeeded"
      const [reason, ...others] = exit.cause.reasons
      const failed = reason !== undefined && Cause.isFailReason(reason) && others.length === 0
      return failed ? reason.error : Cause.pretty(exit.cause)
    })
  }
  return Effect.sync(() => {
    try {
      const result = row.run()
      return row.how === "carries" ? (result as { readonly problem?: unknown }).problem : "it returned"
    } catch (thrown) {
      return row.how === "throws" ? thrown : `it threw ${thrown}`
    }
  })
}

const check = Effect.fnUntraced(function* (row: Row) {
  const before = tensorsAlive()
  const found = yield* refusal(row)
  disown()
  expect(face[row.tag], "a public error").toBeTypeOf("function")
  expect(found).toBeInstanceOf(face[row.tag])
  expect(found).toHaveProperty("_tag", row.tag)
  const { message } = found as Error
  for (const part of row.says) expect(message).toContain(part)
  // What JavaScript prints where somebody forgot to say something.
  expect(message).not.toMatch(/undefined|null|\[object|\bat \/|\n/)
  expect(tensorsAlive(), "tensors alive").toBe(before)
})

const nameOf = ({ of, given }: Row) => `${of.join(" + ")}: ${given}`

describe("bad input without a backend in use", () => {
  for (const row of backends) it.effect(nameOf(row), () => check(row))
})

for (const backend of ["cpu", "wasm"] as const) {
  layer(guidepost.Backend[backend]())(`bad input on ${backend}`, (it) => {
    for (const [table, rows] of Object.entries(tables)) {
      describe(table, () => {
        for (const row of rows) it.effect(nameOf(row), () => check(row))
      })
    }
  })
}

describe("the table of bad input", () => {
  const rows = [...backends, ...Object.values(tables).flat()]
  const named = new Set(rows.flatMap(({ of }) => of))
  const isError = (value: Function) => value.prototype instanceof Error
  const functions = Object.entries(face).flatMap(([name, value]) => {
    if (typeof value === "function") return isError(value) ? [] : [name]
    const members = Object.entries(value as object).filter(([, member]) => typeof member === "function")
    return members.map(([member]) => `${name}.${member}`)
  })

  it("names public functions only", () => {
    for (const name of named) {
      const found = name.split(".").reduce((object, key) => (object as typeof face)?.[key], face as unknown)
      expect(found, name).toBeTypeOf("function")
    }
  })

  it("has a row for each of them, unless it is total", () => {
    const isFamily = (name: string) => families.some((row) => row.name.split("(")[0] === name)
    const missing = functions.filter(
      (name) =>
        !named.has(name) &&
        !Object.hasOwn(total, name) &&
        !isFamily(name) &&
        // A support is a description of a set; what lies outside is refused by those who use it.
        !name.startsWith("Support.") &&
        name !== "Backend",
    )
    expect(missing).toEqual([])
    expect(Object.keys(total).filter((name) => !functions.includes(name) || named.has(name))).toEqual([])
  })

  it("has no row twice", () => {
    const names = rows.map(nameOf)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
})
