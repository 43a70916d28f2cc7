/**
 * Log-densities and their gradients at extreme parameters and values, against exact numbers (mpmath, in the goldens
 * `extremes_<group>.json`): a log-density to within 4 units in the last place of the largest term of its formula, a
 * derivative to within 1e-4 of its largest term, and both finite wherever float32 has the exact number.
 *
 * A case is `{ family, params, value, logProb, largest, gradients }`. Params and value are numbers rounded to float32;
 * `logProb` is a number or "-Infinity"; `largest` is the magnitude of the formula's largest term. `gradients` has for
 * "value" and for each parameter that has one either an array of numbers in row-major order (null where float32 has no
 * such number), or `{ exact: [...], largest: [...] }` where terms cancel.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import * as guidepost from "../../src/index.ts"
import { on } from "../laws/onBackends.ts"

type Numbers = number | ReadonlyArray<Numbers>
type Exact = ReadonlyArray<number | null>

interface Case {
  readonly family: string
  readonly params: Readonly<Record<string, Numbers>>
  readonly value: Numbers
  readonly logProb: number | "-Infinity"
  readonly largest: number
  readonly gradients: Readonly<
    Record<string, Exact | { readonly exact: Exact; readonly largest: ReadonlyArray<number> }>
  >
}

const folder = new URL("../goldens/", import.meta.url)
const groups = readdirSync(fileURLToPath(folder)).filter((name) => /^extremes_\w+\.json$/.test(name))
const makers = guidepost as unknown as Readonly<Record<string, (params: object) => Distribution>>

const tensor = (value: Numbers): tf.Tensor => tf.tensor(value as tf.TensorLike, undefined, "float32")

/** log p, and its derivatives in the inputs that the case lists. */
const scored = ({ family, params, value, gradients }: Case) =>
  tf.tidy(() => {
    const wanted = Object.keys(gradients)
    const inputs = wanted.map((name) => tensor(name === "value" ? value : params[name]!))
    const logProb = (...parts: Array<tf.Tensor>) => {
      const at = Object.fromEntries(wanted.map((name, i) => [name, parts[i]!]))
      const { value: x = tensor(value), ...moving } = at
      return makers[family]!({ ...params, ...moving }).logProb(x)
    }
    const found = logProb(...inputs).dataSync()[0]!
    const slopes =
      inputs.length === 0
        ? []
        : tf
            .grads(logProb)(inputs)
            .map((g) => Array.from(g.dataSync()))
    return { found, slopes: Object.fromEntries(wanted.map((name, i) => [name, slopes[i]!])) }
  })

const ulps = 4 * 2 ** -23

describe("extremes", () => {
  on(["cpu", "wasm"], (check) => {
    for (const group of groups) {
      const cases: ReadonlyArray<Case> = JSON.parse(readFileSync(new URL(group, folder), "utf8"))
      for (const family of new Set(cases.map((c) => c.family))) {
        check(`keep a log-density and its gradient right: ${family}`, () => {
          for (const each of cases.filter((c) => c.family === family)) {
            const title = `${family}(${JSON.stringify(each.params)}) at ${JSON.stringify(each.value)}`
            const { found, slopes } = scored(each)
            if (each.logProb === "-Infinity") expect(found, title).toBe(-Infinity)
            else {
              const allowed = ulps * Math.max(each.largest, Math.abs(each.logProb))
              expect(
                Math.abs(found - each.logProb),
                `${title}: ${found} for ${each.logProb}`,
              ).toBeLessThanOrEqual(allowed)
            }
            for (const [name, golden] of Object.entries(each.gradients)) {
              const { exact, largest } =
                "exact" in golden ? golden : { exact: golden, largest: golden.map(() => 0) }
              exact.forEach((e, i) => {
                if (e === null) return
                const slope = slopes[name]![i]!
                const allowed = 1e-4 * Math.max(Math.abs(e), largest[i]!)
                const what = `${title}: derivative in ${name}[${i}], ${slope} for ${e}`
                expect(Number.isFinite(slope), what).toBe(true)
                expect(Math.abs(slope - e), what).toBeLessThanOrEqual(Math.max(allowed, 1e-37))
              })
            }
          }
        })
      }
    }
  })
})
