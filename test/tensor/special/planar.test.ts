/** The root behind a planar flow's inverse: it solves its equation, and its slopes are those of differences. */
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../../src/tensor/errors.ts"
import { planarRoot as onTensors } from "../../../src/tensor/special/planar.ts"
import { planarRoot, planarRootShare, planarRootSlope } from "../../../src/tensor/special/scalar/planar.ts"
import { numbers } from "../../laws/numbers.ts"
import { on } from "../../laws/onBackends.ts"
import { thrownBy } from "../../nn/support.ts"

const zs = [1e-6, 1e-3, 0.02, 0.3, 1, 4, 30, 1e4]
const ss = [1e-8, 1e-3, 0.1, 0.9, 1, 1.5, 20, 1e4]
const points = zs.flatMap((z) => ss.flatMap((s) => [[z, s] as const, [-z, s] as const]))

describe("planarRoot of a float64", () => {
  it("solves a + (s − 1) tanh a = z", () => {
    for (const [z, s] of points) {
      const a = planarRoot(z, s)
      // a − tanh a, by its series where the difference has lost digits.
      const small = Math.abs(a) < 0.05
      const cube = small
        ? a ** 3 / 3 - (2 * a ** 5) / 15 + (17 * a ** 7) / 315 - (62 * a ** 9) / 2835
        : a - Math.tanh(a)
      const found = cube + s * Math.tanh(a)
      expect(Math.abs(found / z - 1), `z ${z}, s ${s}`).toBeLessThan(1e-10)
    }
  })

  it("is z where s is 1, is odd, and is no number where s is not above 0", () => {
    for (const z of zs) {
      expect(Math.abs(planarRoot(z, 1) / z - 1)).toBeLessThan(1e-12)
      expect(planarRoot(-z, 0.3)).toBe(-planarRoot(z, 0.3))
    }
    expect([planarRoot(0, 0.5), planarRoot(Infinity, 0.5), planarRoot(-Infinity, 2)]).toEqual([
      0,
      Infinity,
      -Infinity,
    ])
    expect([planarRoot(1, 0), planarRoot(1, -1), planarRoot(Number.NaN, 1)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ])
  })

  it("has the slopes of finite differences", () => {
    for (const [z, s] of points) {
      const difference = (f: (step: number) => number, h: number) =>
        (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
      const compare = (found: number, f: (step: number) => number, h: number) => {
        const expected = difference(f, h)
        // The root itself is good to 1e-13.
        const noise = (1e-12 * Math.abs(planarRoot(z, s))) / h
        expect(Math.abs(found - expected), `z ${z}, s ${s}`).toBeLessThan(1e-5 * Math.abs(expected) + noise)
      }
      compare(planarRootSlope(z, s), (step) => planarRoot(z + step, s), 1e-3 * Math.min(Math.abs(z), 1))
      compare(planarRootShare(z, s), (step) => planarRoot(z, s + step), 1e-3 * Math.min(s, 1))
    }
  })
})

describe("planarRoot of tensors", () => {
  on(["cpu", "wasm"], (check) => {
    check("is that of float64, rounded, and is differentiated once", () => {
      tf.tidy(() => {
        const z = tf.tensor(points.map(([z]) => z))
        const s = tf.tensor(points.map(([, s]) => s))
        const exact = points.map(([z, s]) => Math.fround(planarRoot(Math.fround(z), Math.fround(s))))
        expect(numbers(() => onTensors(z, s))).toEqual(exact)
        const twice = tf.grad((z: tf.Tensor) => tf.sum(tf.grad((z: tf.Tensor) => tf.sum(onTensors(z, s)))(z)))
        expect(thrownBy(() => twice(z))).toBeInstanceOf(InvalidArgument)
      })
    })
  })
})
