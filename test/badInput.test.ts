/**
 * Bad input for every public function: the typed refusal, with a message that says what was asked, what was found and
 * where; and no tensor left behind. The rows are in badInput/.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit } from "effect"
import * as guidepost from "../src/index.ts"
import { rows as backends } from "./badInput/backends.ts"
import { rows as data } from "./badInput/data.ts"
import { rows as distributions } from "./badInput/distributions.ts"
import { rows as fit } from "./badInput/fit.ts"
import { rows as networks } from "./badInput/networks.ts"
import { rows as optimizers } from "./badInput/optimizers.ts"
import { rows as programs } from "./badInput/programs.ts"
import { disown, type Row } from "./badInput/Row.ts"
import { rows as tensors } from "./badInput/tensors.ts"

const tables = { tensors, distributions, programs, networks, optimizers, fit, data }

const tensorsAlive = () => tf.engine().state.numTensors

/** What came back in place of a result. */
const refusal = (row: Row): Effect.Effect<unknown> => {
  if (row.how === "fails") {
    const program = Effect.suspend(row.run as () => Effect.Effect<unknown, unknown>)
    return Effect.map(Effect.exit(Effect.scoped(program)), (exit) => {
      if (Exit.isSuccess(exit)) return "it succeeded"
      const failures = exit.cause.reasons
      return failures.length === 1 && Cause.isFailReason(failures[0]!)
        ? failures[0].error
        : Cause.pretty(exit.cause)
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
  if (process.env.SHOW) {
    const m = (found as Error)?.message ?? String(found)
    const ok = (found as { _tag?: string })?._tag === row.tag && row.says.every((x) => m.includes(x)) && tensorsAlive() === before && !/undefined|\[object|null/.test(m)
    const { appendFileSync } = yield* Effect.promise(() => import("node:fs"))
    appendFileSync(process.env.SHOW, `${ok ? "ok   " : "FAIL "}${row.of.join("+")}: ${row.given}\n       ${(found as { _tag?: string })?._tag}: ${m.split("\n")[0]} ${tensorsAlive() - before || ""}\n`)
  }
  expect(guidepost[row.tag as "ShapeMismatch"], "a public error").toBeTypeOf("function")
  expect(found).toBeInstanceOf(guidepost[row.tag as "ShapeMismatch"])
  const { message } = found as Error
  for (const part of row.says) expect(message).toContain(part)
  expect(message).not.toMatch(/undefined|\[object|null/)
  expect(tensorsAlive(), "tensors").toBe(before)
})

const nameOf = ({ of, given }: Row) => `${of.join(" + ")}: ${given}`

describe("without a backend in use", () => {
  for (const row of backends) it.effect(nameOf(row), () => check(row))
})

layer(guidepost.Backend.cpu())("bad input", (it) => {
  for (const [table, rows] of Object.entries(tables)) {
    describe(table, () => {
      for (const row of rows) it.effect(nameOf(row), () => check(row))
    })
  }
})
