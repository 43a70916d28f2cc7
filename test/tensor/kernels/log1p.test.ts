import { describe } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { expectClose, numbers } from "../../laws/numbers.ts"
import { on } from "../../laws/onBackends.ts"

describe("Log1p", () => {
  on(["cpu", "wasm"], (check) => {
    check("keeps the digits of a small argument, and gives −∞ at −1 and NaN below", () => {
      const at = [-1e-30, -1e-12, 1e-9, -1e-6, 0, 0.3, -0.5, 1e30, Infinity].map(Math.fround)
      expectClose(
        numbers(() => tf.log1p(tf.tensor(at))),
        at.map(Math.log1p),
        { relative: 6e-8 },
      )
      expectClose(
        numbers(() => tf.log1p(tf.tensor([-1, -2]))),
        [-Infinity, Number.NaN],
        {},
      )
    })
  })
})
