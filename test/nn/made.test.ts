import { describe, expect, expectTypeOf, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { trace } from "../../src/effects/handlers/trace.ts"
import { apply, bind } from "../../src/nn/apply.ts"
import type { DenseParams } from "../../src/nn/dense.ts"
import { constant, zeros } from "../../src/nn/initializers.ts"
import { made } from "../../src/nn/made.ts"
import type { Network } from "../../src/nn/Network.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import { backends, expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

const run = runOf(false)

/** Which numbers of the input each output changes with: for output column j of number i, the derivatives in the input. */
const jacobian = (network: Network<Tree.Tree, { readonly out: tf.Tensor }>, x: tf.Tensor) => {
  const params = network.init(Key.key(4))
  const { out } = network.apply(params, x, run)
  const [numbers, columns] = [out.shape[1]!, out.shape[2]!]
  return Array.from({ length: numbers }, (_, i) =>
    Array.from({ length: columns }, (_, j) =>
      Array.from(
        tf
          .grad((x) => tf.sum(tf.slice(network.apply(params, x, run).out, [0, i, j], [-1, 1, 1])))(x)
          .dataSync(),
      ),
    ),
  )
}

for (const [backendName, backend] of backends) {
  layer(backend)(`made on ${backendName}`, (it) => {
    it("outputs of a number depend on each number before it, and on no other", () => {
      for (const hidden of [[], [8], [7, 9], [4, 4, 4]]) {
        tf.tidy(() => {
          const network = made({ inputs: 4, hidden, outputs: { out: [3] }, activation: "tanh" })
          const slopes = jacobian(network, Key.normal(Key.key(1), [1, 4]))
          slopes.forEach((columns, i) => {
            for (const row of columns) {
              row.forEach((slope, k) => {
                const title = `output ${i} in input ${k}, hidden ${hidden}`
                if (k >= i) expect(slope, title).toBe(0)
                else expect(Math.abs(slope), title).toBeGreaterThan(1e-6)
              })
            }
          })
        })
      }
    })

    it("and on all of a context, the first number's too", () => {
      tf.tidy(() => {
        const network = made({
          inputs: 3,
          hidden: [8, 8],
          outputs: { out: [2] },
          context: 2,
          activation: "tanh",
        })
        const slopes = jacobian(network, Key.normal(Key.key(1), [1, 5]))
        slopes.forEach((columns, i) => {
          for (const row of columns) {
            row.forEach((slope, k) => {
              if (k < i || k >= 3) expect(Math.abs(slope), `${i} ${k}`).toBeGreaterThan(1e-6)
              else expect(slope, `${i} ${k}`).toBe(0)
            })
          }
        })
      })
    })

    it("values: of a network of ones, how many ways lead from a number to an output", () => {
      tf.tidy(() => {
        const network = made({
          inputs: 3,
          hidden: [4],
          outputs: { shift: [], scale: [2] },
          activation: "identity",
          initializer: constant(1),
        })
        const params = network.init(Key.key(0))
        // Hidden units of degrees 1, 1, 2, 2 come to x₁, x₁, x₁ + x₂, x₁ + x₂; the second output sees the first two.
        const { shift, scale } = network.apply(params, tf.tensor([[1, 10, 100]]), run)
        expectTensor(shift, [1, 3], [0, 2, 24], 0)
        expectTensor(scale, [1, 3, 2], [0, 0, 2, 2, 24, 24], 0)
        const one = network.apply(params, tf.tensor1d([1, 10, 100]), run)
        expectTensor(one.shift, [3], [0, 2, 24], 0)
      })
    })

    it("starts as zero where its last kernel does", () => {
      tf.tidy(() => {
        const network = made({ inputs: 2, hidden: [3], outputs: { out: [] }, outputInitializer: zeros })
        const { out } = network.apply(network.init(Key.key(0)), tf.tensor([[3, -4]]), run)
        expectTensor(out, [1, 2], [0, 0], 0)
      })
    })

    it("leaves its outputs and nothing else", () => {
      const network = made({ inputs: 3, hidden: [5], outputs: { shift: [], logScale: [] } })
      const params = network.init(Key.key(0))
      const x = tf.ones([2, 3])
      expectOnly(2, () => network.apply(params, x, run))
      expectOnly(4, () => network.init(Key.key(0)))
      tf.dispose([x])
      Tree.dispose(params)
    })

    it.effect("is bound in a program: one parameter, called as often as need be", () =>
      Effect.gen(function* () {
        const network = made({ inputs: 2, hidden: [4], outputs: { shift: [] } })
        const x = tf.tensor([[0.5, -1]])
        const program = Effect.gen(function* () {
          const bound = yield* bind("net", network)
          const { shift } = yield* apply("net", network, x)
          return { found: bound(x).shift, again: bound(tf.mul(x, 2)).shift, shift }
        })
        const { result, params } = yield* trace(program, { key: Key.key(3) })
        expect(Object.keys(params)).toEqual(["net"])
        expect(result.found.dataSync()).toEqual(result.shift.dataSync())
        expect(result.again.dataSync()).not.toEqual(result.shift.dataSync())
        Tree.dispose([params, result, x] as unknown as Tree.Tree)
      }),
    )
  })
}

describe("made", () => {
  it("has its layers and its outputs in its type", () => {
    expectTypeOf(made({ inputs: 2, hidden: [3, 3], outputs: { shift: [], logScale: [] } })).toEqualTypeOf<
      Network<
        { readonly 0: DenseParams; readonly 1: DenseParams; readonly 2: DenseParams },
        { readonly shift: tf.Tensor; readonly logScale: tf.Tensor }
      >
    >()
  })

  it.for([
    [{ inputs: 0 }, "made(0, 3, 0): expected sizes that are whole numbers from 1 up, found 0"],
    [{ hidden: [2.5] }, "found 2.5"],
    [{ outputs: { a: [0] } }, "expected sizes that are whole numbers from 1 up, found 0"],
    [{ outputs: {} }, "expected at least one output, found none"],
    [{ context: -1 }, "expected a context that is a whole number from 0 up, found -1"],
    [{ context: Number.NaN }, "expected a context that is a whole number from 0 up, found NaN"],
  ] as const)("refuses %j, when it is used and not before", ([options, message]) => {
    const network = made({ inputs: 2, hidden: [3], outputs: { a: [] }, ...options } as Parameters<
      typeof made
    >[0])
    const error = thrownBy(() => network.init(Key.key(0)))
    expect(error).toBeInstanceOf(InvalidArgument)
    expect((error as InvalidArgument).message).toContain(message)
  })
})
