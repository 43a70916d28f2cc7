import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { scope } from "../../src/effects/handlers/scope.ts"
import { substitute } from "../../src/effects/handlers/substitute.ts"
import { trace } from "../../src/effects/handlers/trace.ts"
import type { Param, Params } from "../../src/effects/Program.ts"
import { relu } from "../../src/nn/activations.ts"
import { apply } from "../../src/nn/apply.ts"
import { branch } from "../../src/nn/branch.ts"
import { type DenseParams, dense } from "../../src/nn/dense.ts"
import { mlp } from "../../src/nn/mlp.ts"
import { sequential } from "../../src/nn/sequential.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import { expectTensor } from "./support.ts"

const key = Key.key(0)
const weights = (): DenseParams => ({ kernel: tf.tensor([[1], [2]]), bias: tf.tensor([10]) })

layer(Backend.cpu())("apply", (it) => {
  it.effect("reads one parameter, a tree, and gives the network's output", () =>
    Effect.gen(function* () {
      const program = apply("f", mlp([2, 3, 1]), tf.tensor([[1, 2]]))
      expectTypeOf(program).toEqualTypeOf<
        Effect.Effect<tf.Tensor, never, Param<"f", { readonly 0: DenseParams; readonly 1: DenseParams }>>
      >()
      const t = yield* trace(program, { key })
      expect(Object.keys(t.params)).toEqual(["f"])
      expect(t.params.f[0].kernel.shape).toEqual([2, 3])
      // The result is what the network gives for those parameters.
      tf.tidy(() => {
        const run = { where: "", key: () => key, training: false }
        const y = mlp([2, 3, 1]).apply(t.params.f, tf.tensor([[1, 2]]), run)
        expectTensor(t.result, [1, 1], [...y.dataSync()], 0)
      })
    }),
  )

  it.effect("takes the weights that it is given", () =>
    Effect.gen(function* () {
      const f = weights()
      const t = yield* trace(apply("f", dense(2, 1), tf.tensor([3, 4])), { key, params: { f } })
      expectTensor(t.result, [1], [21], 0)
      const program = substitute(apply("f", dense(2, 1), tf.tensor([0, 1])), { f })
      expectTensor((yield* trace(program, { key })).result, [1], [12], 0)
    }),
  )

  it.effect("gives a record where the network does", () =>
    Effect.gen(function* () {
      const heads = branch({ loc: dense(2, 1), raw: relu })
      const program = apply("heads", heads, tf.tensor([3, -4]))
      expectTypeOf(program).toEqualTypeOf<
        Effect.Effect<
          { readonly loc: tf.Tensor; readonly raw: tf.Tensor },
          never,
          Param<"heads", { readonly loc: DenseParams }>
        >
      >()
      const { result } = yield* trace(program, { key, params: { heads: { loc: weights() } } })
      expectTensor(result.loc, [1], [5], 0)
      expectTensor(result.raw, [2], [3, 0], 0)
    }),
  )

  it.effect("starts differently under another name, and the same under the same", () =>
    Effect.gen(function* () {
      const x = tf.tensor([1, 2])
      const program = Effect.gen(function* () {
        const a = yield* apply("a", dense(2, 2), x)
        const b = yield* apply("b", dense(2, 2), x)
        const tied = yield* apply("a", dense(2, 2), x)
        return { a, b, tied }
      })
      const { result, params } = yield* trace(program, { key })
      expect(Object.keys(params)).toEqual(["a", "b"])
      expect(result.a.dataSync()).toEqual(result.tied.dataSync())
      expect(result.a.dataSync()).not.toEqual(result.b.dataSync())
    }),
  )

  it.effect("goes under the prefix of scope", () =>
    Effect.gen(function* () {
      const program = scope(apply("f", dense(2, 1), tf.tensor([1, 2])), "left")
      const { params } = yield* trace(program, { key })
      expectTypeOf(params).toEqualTypeOf<Params<Param<"left/f", DenseParams>>>()
      expect(Tree.entries(params).map(([path]) => path)).toEqual(["left/f/kernel", "left/f/bias"])
    }),
  )

  it("widens with its name", () => {
    const name: string = "f"
    expectTypeOf(apply(name, dense(2, 1), tf.tensor([1, 2]))).toEqualTypeOf<
      Effect.Effect<tf.Tensor, never, Param<string, DenseParams>>
    >()
  })

  describe("fails", () => {
    const message = <R>(program: Effect.Effect<unknown, never, R>) =>
      Effect.map(Effect.flip(trace(program as Effect.Effect<unknown>, { key })), (error) => [
        error._tag,
        error.message,
      ])

    it.effect("on a network with a problem", () =>
      Effect.gen(function* () {
        const x = tf.tensor([1, 2])
        expect(yield* message(apply("f", dense(0, 1), x))).toEqual([
          "InvalidArgument",
          `apply("f")/dense(0, 1): expected sizes that are whole numbers from 1 up, found 0`,
        ])
        expect(yield* message(apply("f", sequential(relu, mlp([])), x))).toEqual([
          "InvalidArgument",
          `apply("f")/1/mlp(): expected at least two sizes: of the input and of the output, found 0`,
        ])
      }),
    )

    it.effect("on a network with a problem whose weights are given", () =>
      Effect.gen(function* () {
        const program = substitute(apply("f", dense(0, 1), tf.tensor([1])), { f: weights() })
        const error = yield* Effect.flip(trace(program, { key }))
        expect(error.message).toContain(`apply("f")/dense(0, 1): expected sizes`)
      }),
    )

    it.effect("on an input of another size", () =>
      Effect.gen(function* () {
        const x = tf.zeros([7, 3])
        expect(yield* message(apply("decoder", mlp([2, 3, 1]), x))).toEqual([
          "ShapeMismatch",
          `apply("decoder")/0/dense(2, 3): expected an input of shape [..., 2], found [7, 3]`,
        ])
      }),
    )

    it.effect("on an input that is no tensor", () =>
      Effect.gen(function* () {
        expect(yield* message(apply("f", dense(2, 1), [1, 2] as never))).toEqual([
          "InvalidArgument",
          `apply("f"): expected a tensor as input, found object`,
        ])
      }),
    )

    it.effect("on weights of another network", () =>
      Effect.gen(function* () {
        const f = { "0": weights() } as never
        const error = yield* Effect.flip(
          trace(apply("f", dense(2, 1), tf.tensor([1, 2])), { key, params: { f } }),
        )
        expect([error._tag, error.message]).toEqual([
          "TreeMismatch",
          `apply("f")/dense(2, 1): missing kernel`,
        ])
      }),
    )

    it.effect("on weights that start as NaN", () =>
      Effect.gen(function* () {
        const network = dense(2, 1, { initializer: (_key, shape) => tf.fill([...shape], Number.NaN) })
        expect(yield* message(apply("f", network, tf.tensor([1, 2])))).toEqual([
          "InvalidParameter",
          expect.stringContaining(`param "f/kernel"`),
        ])
      }),
    )
  })

  it.effect("leaves no tensor when its scope closes, on success and on failure", () =>
    Effect.gen(function* () {
      const x = tf.tensor([1, 2])
      const before = tf.memory().numTensors
      yield* Effect.scoped(trace(apply("f", mlp([2, 3, 1]), x), { key }))
      yield* Effect.scoped(Effect.flip(trace(apply("f", sequential(dense(2, 3), dense(2, 3)), x), { key })))
      expect(tf.memory().numTensors).toBe(before)
      x.dispose()
    }),
  )
})
