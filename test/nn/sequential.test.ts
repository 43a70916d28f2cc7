import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { identity, relu, tanh } from "../../src/nn/activations.ts"
import { branch } from "../../src/nn/branch.ts"
import { compose } from "../../src/nn/compose.ts"
import { type DenseParams, dense } from "../../src/nn/dense.ts"
import { make, type Network } from "../../src/nn/Network.ts"
import { sequential } from "../../src/nn/sequential.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import { expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

const run = runOf(false)
const first = () => ({ kernel: tf.tensor([[1, -1]]), bias: tf.tensor([0, 1]) })
const second = () => ({ kernel: tf.tensor([[2], [3]]), bias: tf.tensor([0.5]) })

layer(Backend.cpu())("sequential and branch", (it) => {
  describe("sequential", () => {
    it("applies one network to the output of the one before", () => {
      tf.tidy(() => {
        const network = sequential(dense(1, 2), relu, dense(2, 1))
        // x = 3 gives [3, −2], relu [3, 0], 6.5; x = −2 gives [−2, 3], [0, 3], 9.5.
        const y = network.apply({ 0: first(), 2: second() }, tf.tensor([[3], [-2]]), run)
        expectTensor(y, [2, 1], [6.5, 9.5], 0)
      })
    })

    it("numbers its parameters by place, and has none for what has none", () => {
      tf.tidy(() => {
        const params = sequential(tanh, dense(2, 3), relu, dense(3, 1, { bias: false })).init(Key.key(0))
        expect(Tree.entries(params).map(([path]) => path)).toEqual(["1/kernel", "1/bias", "3/kernel"])
        expectTypeOf(params).toEqualTypeOf<{
          readonly 1: DenseParams
          readonly 3: { readonly kernel: tf.Tensor }
        }>()
        expect(sequential(relu, tanh).init(Key.key(0))).toEqual({})
      })
    })

    it("nests, and may end in a record", () => {
      const network = sequential(sequential(dense(1, 2), relu), branch({ a: dense(2, 1), b: identity }))
      expectTypeOf(network).toEqualTypeOf<
        Network<
          { readonly 0: { readonly 0: DenseParams }; readonly 1: { readonly a: DenseParams } },
          { readonly a: tf.Tensor; readonly b: tf.Tensor }
        >
      >()
      tf.tidy(() => {
        const params = { 0: { 0: first() }, 1: { a: second() } }
        const { a, b } = network.apply(params, tf.tensor([3]), run)
        expectTensor(a, [1], [6.5], 0)
        expectTensor(b, [2], [3, 0], 0)
      })
    })

    it("takes only networks that give a tensor before the last", () => {
      // @ts-expect-error: a branch gives a record, which the next network cannot take
      sequential(branch({ a: relu }), relu)
      // @ts-expect-error: at least one
      sequential()
    })
  })

  describe("branch", () => {
    it("applies each network to the same input", () => {
      tf.tidy(() => {
        const heads = branch({ loc: dense(1, 2), scale: dense(1, 2, { activation: "relu" }) })
        const { loc, scale } = heads.apply({ loc: first(), scale: first() }, tf.tensor([[3]]), run)
        expectTensor(loc, [1, 2], [3, -2], 0)
        expectTensor(scale, [1, 2], [3, 0], 0)
      })
    })

    it("has parameters and outputs by name in its type", () => {
      expectTypeOf(branch({ loc: dense(1, 2), raw: identity })).toEqualTypeOf<
        Network<{ readonly loc: DenseParams }, { readonly loc: tf.Tensor; readonly raw: tf.Tensor }>
      >()
    })

    it("starts branches of one shape differently", () => {
      tf.tidy(() => {
        const { a, b } = branch({ a: dense(3, 3), b: dense(3, 3) }).init(Key.key(0))
        expect(a.kernel.dataSync()).not.toEqual(b.kernel.dataSync())
      })
    })
  })

  it("composes as one likes", () => {
    const residual = compose<{ readonly body: DenseParams }, tf.Tensor>({
      name: "residual",
      children: { body: dense(2, 2) },
      apply: (call, input) => tf.add(input, call("body", input) as tf.Tensor),
    })
    tf.tidy(() => {
      const kernel = tf.tensor([
        [0, 1],
        [1, 0],
      ])
      const y = residual.apply({ body: { kernel, bias: tf.tensor([10, 20]) } }, tf.tensor([1, 2]), run)
      expectTensor(y, [2], [13, 23], 0)
    })
  })

  it("a lone tensor may be a network's parameters", () => {
    const shift = make({
      name: "shift",
      init: () => tf.scalar(2) as tf.Tensor,
      apply: (by, input) => tf.add(input, by),
    })
    tf.tidy(() => {
      const network = sequential(shift, relu)
      expectTypeOf(network).toEqualTypeOf<Network<{ readonly 0: tf.Tensor }>>()
      const params = network.init(Key.key(0))
      expectTensor(network.apply(params, tf.tensor([-3, 1]), run), [2], [0, 3], 0)
    })
  })

  it("leaves its output and nothing else", () => {
    const network = sequential(dense(1, 2), relu, branch({ a: dense(2, 1), b: tanh }))
    expectOnly(4, () => network.init(Key.key(0)))
    const params = network.init(Key.key(0))
    const x = tf.tensor([[3]])
    expectOnly(2, () => network.apply(params, x, run))
    tf.dispose([params, x])
  })

  describe("refuses", () => {
    it("nothing to compose", () => {
      const none = (sequential as unknown as () => Network)()
      const error = thrownBy(() => none.init(Key.key(0)))
      expect(error).toBeInstanceOf(InvalidArgument)
      expect((error as Error).message).toBe("sequential: expected at least one network, found none")
      expect((thrownBy(() => branch({}).init(Key.key(0))) as Error).message).toBe(
        "branch: expected at least one network, found none",
      )
    })

    it("with the place in the message", () => {
      const bad = sequential(relu, branch({ a: relu, b: dense(0, 2) }))
      expect((thrownBy(() => bad.init(Key.key(0))) as Error).message).toBe(
        "1/b/dense(0, 2): expected sizes that are whole numbers from 1 up, found 0",
      )
      tf.tidy(() => {
        const apart = sequential(dense(1, 2), dense(3, 1))
        const error = thrownBy(() => apart.apply(apart.init(Key.key(0)), tf.tensor([1]), run))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect((error as Error).message).toBe(
          "test/1/dense(3, 1): expected an input of shape [..., 3], found [2]",
        )
        const missing = thrownBy(() =>
          sequential(dense(1, 2), dense(2, 1)).apply({ 0: first() } as never, tf.tensor([1]), run),
        )
        expect(missing).toBeInstanceOf(TreeMismatch)
        expect((missing as Error).message).toBe("test/1/dense(2, 1): missing kernel")
      })
    })

    it("leaving no tensor behind", () => {
      const failing = make({
        name: "failing",
        init: (): { readonly w: tf.Tensor } => {
          throw new InvalidArgument({ where: "failing", expected: "luck", found: "none" })
        },
        apply: (_params, input) => input,
      })
      const before = tf.memory().numTensors
      thrownBy(() => sequential(dense(1, 2), failing).init(Key.key(0)))
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})
