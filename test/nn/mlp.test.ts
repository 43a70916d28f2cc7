import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { DenseParams } from "../../src/nn/dense.ts"
import { constant } from "../../src/nn/initializers.ts"
import { type MlpParams, mlp } from "../../src/nn/mlp.ts"
import type { Network } from "../../src/nn/Network.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import { expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

const run = runOf(false)
const params = () => ({
  0: { kernel: tf.tensor([[1, -1, 2]]), bias: tf.tensor([0, 0.5, -3]) },
  1: { kernel: tf.tensor([[2], [4], [1]]), bias: tf.tensor([-10]) },
})

layer(Backend.cpu())("mlp", (it) => {
  it("values: activation between the layers, none after the last", () => {
    tf.tidy(() => {
      const x = tf.tensor([[2], [-1]])
      // Hidden: [2, −1.5, 1] and [−1, 1.5, −5]; relu leaves [2, 0, 1] and [0, 1.5, 0].
      expectTensor(mlp([1, 3, 1]).apply(params(), x, run), [2, 1], [-5, -4], 0)
      const output = mlp([1, 3, 1], { outputActivation: "relu" })
      expectTensor(output.apply(params(), x, run), [2, 1], [0, 0], 0)
      const tanh = mlp([1, 3, 1], { activation: "tanh" })
      const by = (h: ReadonlyArray<number>) =>
        2 * Math.tanh(h[0]!) + 4 * Math.tanh(h[1]!) + Math.tanh(h[2]!) - 10
      expectTensor(tanh.apply(params(), x, run), [2, 1], [by([2, -1.5, 1]), by([-1, 1.5, -5])])
    })
  })

  it("two sizes are one layer", () => {
    tf.tidy(() => {
      const y = mlp([1, 3]).apply({ 0: params()[0] }, tf.tensor([[2]]), run)
      expectTensor(y, [1, 3], [2, -1.5, 1], 0)
    })
  })

  it("starts each layer from a key of its own, by its place", () => {
    tf.tidy(() => {
      const start = mlp([4, 4, 4]).init(Key.key(0))
      expect(Tree.entries(start).map(([path, { shape }]) => [path, shape])).toEqual([
        ["0/kernel", [4, 4]],
        ["0/bias", [4]],
        ["1/kernel", [4, 4]],
        ["1/bias", [4]],
      ])
      expect(start[0].kernel.dataSync()).not.toEqual(start[1].kernel.dataSync())
      const longer = mlp([4, 4, 4, 4]).init(Key.key(0))
      expect(longer[1].kernel.dataSync()).toEqual(start[1].kernel.dataSync())
      expectTensor(mlp([1, 2], { initializer: constant(2) }).init(Key.key(0))[0].kernel, [1, 2], [2, 2], 0)
    })
  })

  it("has its layers in its type", () => {
    expectTypeOf(mlp([784, 400, 20])).toEqualTypeOf<
      Network<{ readonly 0: DenseParams; readonly 1: DenseParams }>
    >()
    expectTypeOf<MlpParams<[1, 2]>>().toEqualTypeOf<{ readonly 0: DenseParams }>()
    const sizes: Array<number> = [1, 2]
    expectTypeOf(mlp(sizes)).toEqualTypeOf<Network<{ readonly [layer: string]: DenseParams }>>()
    // @ts-expect-error: three sizes are two layers
    expectTypeOf(mlp([1, 2, 3])).returns.toHaveProperty("2")
  })

  it("leaves its output and nothing else", () => {
    const made = params()
    const x = tf.tensor([[2]])
    expectOnly(1, () => mlp([1, 3, 1]).apply(made, x, run))
    expectOnly(4, () => mlp([1, 3, 1]).init(Key.key(0)))
    tf.dispose([made, x])
  })

  describe("refuses, when it is used and not before,", () => {
    it.for([
      [[], "mlp(): expected at least two sizes: of the input and of the output, found 0"],
      [[3], "mlp(3): expected at least two sizes: of the input and of the output, found 1"],
      [[3, 0, 2], "mlp(3, 0, 2): expected sizes that are whole numbers from 1 up, found 0"],
      [[3, 2.5], "mlp(3, 2.5): expected sizes that are whole numbers from 1 up, found 2.5"],
    ] as const)("the sizes %j", ([sizes, message]) => {
      const network: Network = mlp(sizes as ReadonlyArray<number>)
      const made = thrownBy(() => network.init(Key.key(0))) as InvalidArgument
      expect(made).toBeInstanceOf(InvalidArgument)
      expect(made.message).toBe(message)
      const applied = thrownBy(() => network.apply({}, tf.scalar(0), run)) as InvalidArgument
      expect(applied.message).toBe(`test/${message}`)
    })

    it("an activation that there is not, saying which layer's", () => {
      const error = thrownBy(() => mlp([1, 2, 3], { outputActivation: "no" as "relu" }).init(Key.key(0)))
      expect((error as Error).message).toContain("1/dense(2, 3)/activation: expected one of")
    })
  })
})
