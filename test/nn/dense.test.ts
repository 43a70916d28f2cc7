import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { type DenseParams, dense } from "../../src/nn/dense.ts"
import { constant, zeros } from "../../src/nn/initializers.ts"
import type { Network } from "../../src/nn/Network.ts"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { backends, expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

const run = runOf(false)

/** x · kernel + bias, worked by hand for the rows [1, 2] and [3, 4]. */
const params = (): DenseParams => ({
  kernel: tf.tensor([
    [1, 0, -1],
    [2, 1, 0],
  ]),
  bias: tf.tensor([0.5, -2.5, 0]),
})
const outputs = [5.5, -0.5, -1, 11.5, 1.5, -3]

for (const [backend, live] of backends) {
  layer(live)(backend, (it) => {
    describe("values", () => {
      const layer = dense(2, 3)

      it("matrix", () => {
        tf.tidy(() => {
          const x = tf.tensor([
            [1, 2],
            [3, 4],
          ])
          expectTensor(layer.apply(params(), x, run), [2, 3], outputs, 0)
        })
      })

      it("vector, and any number of leading dimensions", () => {
        tf.tidy(() => {
          expectTensor(layer.apply(params(), tf.tensor([3, 4]), run), [3], outputs.slice(3), 0)
          const x = tf.tensor([1, 2, 3, 4, 1, 2, 3, 4])
          const twice = [...outputs, ...outputs]
          for (const shape of [
            [2, 2],
            [4, 1],
            [1, 2, 2],
          ]) {
            const found = layer.apply(params(), tf.reshape(x, [...shape, 2]), run)
            expectTensor(found, [...shape, 3], twice, 0)
          }
        })
      })

      it("no rows at all", () => {
        tf.tidy(() => {
          expectTensor(layer.apply(params(), tf.zeros([0, 2]), run), [0, 3], [])
        })
      })

      it("whole numbers and truth values as input", () => {
        tf.tidy(() => {
          expectTensor(
            layer.apply(params(), tf.tensor([[3, 4]], [1, 2], "int32"), run),
            [1, 3],
            [11.5, 1.5, -3],
          )
          expectTensor(
            layer.apply(params(), tf.tensor([true, false], [2], "bool"), run),
            [3],
            [1.5, -2.5, -1],
          )
        })
      })

      it("without a bias, and with an activation", () => {
        tf.tidy(() => {
          const x = tf.tensor([3, 4])
          const { kernel } = params()
          expectTensor(dense(2, 3, { bias: false }).apply({ kernel }, x, run), [3], [11, 4, -3], 0)
          const relu = dense(2, 3, { activation: "relu" })
          expectTensor(relu.apply(params(), tf.tensor([1, 2]), run), [3], [5.5, 0, 0], 0)
        })
      })
    })

    it("gradients: dx = dy·kernelᵀ, dkernel = xᵀ·dy, dbias = Σ dy", () => {
      tf.tidy(() => {
        const x = tf.tensor([
          [1, 2],
          [3, 4],
        ])
        const { kernel, bias } = params()
        const dy = tf.tensor([
          [1, -1, 2],
          [0, 3, 1],
        ])
        for (const lead of [[2], [2, 1]]) {
          const [dx, dkernel, dbias] = tf.grads((x, kernel, bias) =>
            dense(2, 3).apply({ kernel: kernel!, bias: bias! }, x!, run),
          )([tf.reshape(x, [...lead, 2]), kernel, bias], tf.reshape(dy, [...lead, 3]))
          expectTensor(dx!, [...lead, 2], [-1, 1, -1, 3])
          expectTensor(dkernel!, [2, 3], [1, 8, 5, 2, 10, 8])
          expectTensor(dbias!, [3], [1, 2, 3])
        }
      })
    })

    it("leaves its parameters, then its output, and nothing else", () => {
      const layer = dense(2, 3, { activation: "gelu" })
      expectOnly(2, () => layer.init(Key.key(0)))
      const made = layer.init(Key.key(0))
      const x = tf.ones([4, 1, 2], "int32")
      expectOnly(1, () => layer.apply(made, x, run))
      tf.dispose([made, x])
    })
  })
}

layer(backends[0][1])("dense", (it) => {
  it("starts as told, each leaf from a key of its own", () => {
    tf.tidy(() => {
      const start = dense(2, 2, { initializer: constant(3), bias: constant(-1) }).init(Key.key(0))
      expectTensor(start.kernel, [2, 2], [3, 3, 3, 3], 0)
      expectTensor(start.bias, [2], [-1, -1], 0)
      expectTensor(dense(2, 2).init(Key.key(0)).bias, [2], [0, 0], 0)
      const shape = [2]
      const noise = dense(1, 2, {
        initializer: (key) => tf.reshape(Key.normal(key, shape), [1, 2]),
        bias: (key) => Key.normal(key, shape),
      }).init(Key.key(0))
      expect(noise.kernel.dataSync()).not.toEqual(noise.bias.dataSync())
      // Leaving the bias out does not move the kernel.
      expect(dense(2, 2, { bias: false }).init(Key.key(5)).kernel.dataSync()).toEqual(
        dense(2, 2).init(Key.key(5)).kernel.dataSync(),
      )
    })
  })

  it("has its parameters in its type", () => {
    expectTypeOf(dense(2, 3)).toEqualTypeOf<Network<DenseParams>>()
    expectTypeOf(dense(2, 3, { bias: zeros })).toEqualTypeOf<Network<DenseParams>>()
    expectTypeOf(dense(2, 3, { bias: false })).toEqualTypeOf<Network<{ readonly kernel: tf.Tensor }>>()
    // @ts-expect-error: a layer without a bias has none
    expect(() => dense(2, 3, { bias: false }).init(Key.key(0)).bias).not.toThrow()
    // @ts-expect-error: no activation of that name
    dense(2, 3, { activation: "swish" })
  })

  describe("refuses, when it is used and not before,", () => {
    it.for([
      [0, 3, "0"],
      [2, -1, "-1"],
      [2.5, 3, "2.5"],
      [2, Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, 3, "Infinity"],
      ["2" as unknown as number, 3, "2"],
    ] as const)("the sizes %s, %s", ([inputs, outputs, found]) => {
      const layer = dense(inputs, outputs)
      for (const use of [
        () => layer.init(Key.key(0)),
        () => layer.apply({ kernel: tf.scalar(0), bias: tf.scalar(0) }, tf.scalar(0), run),
      ]) {
        tf.tidy(() => {
          const error = thrownBy(use) as InvalidArgument
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toContain(
            `dense(${inputs}, ${outputs}): expected sizes that are whole numbers from 1 up, found ${found}`,
          )
        })
      }
    })

    it("an activation that there is not", () => {
      const layer = dense(2, 3, { activation: "swish" as "relu" })
      const error = thrownBy(() => layer.init(Key.key(0))) as InvalidArgument
      expect(error.message).toContain("dense(2, 3)/activation: expected one of identity, relu")
    })

    it("an input of another size", () => {
      tf.tidy(() => {
        for (const [shape, found] of [
          [[4, 3], "[4, 3]"],
          [[2, 1], "[2, 1]"],
          [[], "[]"],
        ] as const) {
          const error = thrownBy(() =>
            dense(2, 3).apply(params(), tf.zeros([...shape]), run),
          ) as ShapeMismatch
          expect(error).toBeInstanceOf(ShapeMismatch)
          expect(error.message).toBe(`test/dense(2, 3): expected an input of shape [..., 2], found ${found}`)
        }
      })
    })

    it("weights of another shape, and weights that are not there", () => {
      tf.tidy(() => {
        const x = tf.zeros([4, 2])
        const { kernel, bias } = params()
        const transposed = thrownBy(() => dense(2, 3).apply({ kernel: tf.transpose(kernel), bias }, x, run))
        expect(transposed).toBeInstanceOf(ShapeMismatch)
        expect((transposed as Error).message).toBe(
          `test/dense(2, 3): parameter "kernel": expected [2, 3], found [3, 2]`,
        )
        // One number would broadcast.
        const scalar = thrownBy(() => dense(2, 3).apply({ kernel, bias: tf.scalar(1) }, x, run))
        expect(scalar).toBeInstanceOf(ShapeMismatch)
        const missing = thrownBy(() => dense(2, 3).apply({ kernel } as DenseParams, x, run))
        expect(missing).toBeInstanceOf(TreeMismatch)
        expect((missing as Error).message).toBe("test/dense(2, 3): missing bias")
      })
    })

    it("an initializer that gives another shape", () => {
      const layer = dense(2, 3, { initializer: () => tf.zeros([3, 2]) })
      const before = tf.memory().numTensors
      const error = thrownBy(() => layer.init(Key.key(0))) as ShapeMismatch
      expect(error).toBeInstanceOf(ShapeMismatch)
      expect(error.message).toBe(`dense(2, 3): initializer of "kernel": expected [2, 3], found [3, 2]`)
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})
