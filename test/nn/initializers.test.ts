import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Initializer from "../../src/nn/initializers.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectOnly, expectTensor } from "./support.ts"

// Fan in 300, fan out 200.
const shape = [300, 200]
const n = 60_000
const cases = [
  ["glorotUniform", 1 / 250, "uniform", Initializer.glorotUniform],
  ["glorotNormal", 1 / 250, "normal", Initializer.glorotNormal],
  ["heUniform", 1 / 150, "uniform", Initializer.heUniform],
  ["heNormal", 1 / 150, "normal", Initializer.heNormal],
  ["lecunUniform", 1 / 300, "uniform", Initializer.lecunUniform],
  ["lecunNormal", 1 / 300, "normal", Initializer.lecunNormal],
] as const

/** Two-sided, 1e-6: with two checks for each of six initializers, and two more each, 2.4e-5 in all. */
const z = 4.9

layer(Backend.cpu())("initializers", (it) => {
  describe("variance", () => {
    it.for(cases)("%s has mean 0 and variance %d", ([, variance, kind, initializer]) => {
      const values = tf.tidy(() => initializer(Key.key(11), shape).dataSync() as Float32Array)
      expect(values.length).toBe(n)
      const mean = values.reduce((sum, x) => sum + x, 0) / n
      const square = values.reduce((sum, x) => sum + x * x, 0) / n
      expect(Math.abs(mean)).toBeLessThan(z * Math.sqrt(variance / n))
      // The sample variance's own relative variance is (kurtosis − 1) / n: 2 for the normal, 0.8 for the uniform.
      const spread = Math.sqrt((kind === "normal" ? 2 : 0.8) / n)
      expect(Math.abs(square / variance - 1)).toBeLessThan(z * spread)

      const limit = Math.sqrt(3 * variance)
      const beyond = values.filter((x) => Math.abs(x) > limit).length / n
      if (kind === "uniform") {
        expect(beyond).toBe(0)
        expect(values.reduce((most, x) => Math.max(most, x), 0)).toBeGreaterThan(0.999 * limit)
      } else {
        // 2·(1 − Φ(√3)): a normal cut off at two deviations would have 0.0394 of its mass there.
        const expected = 0.0832645
        expect(Math.abs(beyond - expected)).toBeLessThan(z * Math.sqrt((expected * (1 - expected)) / n))
      }
    })

    it("counts the receptive field of a convolution in both fans", () => {
      tf.tidy(() => {
        const values = Initializer.heUniform(Key.key(2), [3, 3, 16, 32]).dataSync() as Float32Array
        const limit = Math.sqrt(6 / (9 * 16))
        const most = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
        expect(most).toBeLessThanOrEqual(limit)
        expect(most).toBeGreaterThan(0.99 * limit)
      })
    })
  })

  it("is the key's: the same key gives the same weights, another gives others", () => {
    tf.tidy(() => {
      const first = Initializer.glorotUniform(Key.key(3), [4, 5]).dataSync()
      expect(Initializer.glorotUniform(Key.key(3), [4, 5]).dataSync()).toEqual(first)
      expect(Initializer.glorotUniform(Key.key(4), [4, 5]).dataSync()).not.toEqual(first)
    })
  })

  it("fills with a constant", () => {
    tf.tidy(() => {
      expectTensor(Initializer.zeros(Key.key(0), [2, 2]), [2, 2], [0, 0, 0, 0], 0)
      expectTensor(Initializer.constant(-1.5)(Key.key(0), [3]), [3], [-1.5, -1.5, -1.5], 0)
    })
  })

  it("makes one tensor", () => {
    for (const [, , , initializer] of cases) expectOnly(1, () => initializer(Key.key(0), [3, 4]))
    expectOnly(1, () => Initializer.constant(2)(Key.key(0), [3, 4]))
  })
})
