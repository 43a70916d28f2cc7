import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Activation from "../../src/nn/activations.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { backends, expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

/** Φ in float64, by Simpson's rule over the density: nothing of the library's own. */
const normalCdf = (x: number): number => {
  const n = 2000
  const h = x / n
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let sum = density(0) + density(x)
  for (let i = 1; i < n; i++) sum += (i % 2 === 0 ? 2 : 4) * density(i * h)
  return 0.5 + (sum * h) / 3
}

/** From the definitions, in float64. */
const reference = {
  identity: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  leakyRelu: (x: number) => (x > 0 ? x : 0.2 * x),
  elu: (x: number) => (x > 0 ? x : Math.expm1(x)),
  gelu: (x: number) => x * normalCdf(x),
  softplus: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  boundedExp: (x: number) => Math.exp(10 * Math.tanh(x / 10)),
}
type Elementwise = keyof typeof reference

const points = [-12, -5.5, -3, -1.25, -0.5, -0.01, 0.01, 0.3, 1, 2.5, 4, 9]
const network = (name: Activation.ActivationName) => Activation.activationOf(name)

for (const [backend, live] of backends) {
  layer(live)(backend, (it) => {
    describe("elementwise activations", () => {
      it.for(Object.keys(reference) as Array<Elementwise>)("%s: values", (name) => {
        tf.tidy(() => {
          const y = network(name).apply({}, tf.tensor(points, [3, 4]), runOf(false))
          // tfjs's erf is good to 1.5e-7, which gelu multiplies by x.
          expectTensor(y, [3, 4], points.map(reference[name]), 2e-6)
        })
      })

      it.for(Object.keys(reference) as Array<Elementwise>)("%s: gradient", (name) => {
        tf.tidy(() => {
          const dy = points.map((_, i) => 1 + i / 7)
          // Times 1, since tfjs finds no gradient of a function that gives back its argument.
          const gradient = tf.grad((x) => tf.mul(network(name).apply({}, x, runOf(false)), 1))(
            tf.tensor(points),
            tf.tensor(dy),
          )
          const h = 1e-5
          const f = reference[name]
          const expected = points.map((x, i) => (dy[i]! * (f(x + h) - f(x - h))) / (2 * h))
          expectTensor(gradient, [points.length], expected, 4e-6)
        })
      })
    })

    it("relu has derivative 0 at 0", () => {
      tf.tidy(() => {
        const gradient = tf.grad((x) => Activation.relu.apply({}, x, runOf(false)))(tf.tensor([0, 1]))
        expectTensor(gradient, [2], [0, 1], 0)
      })
    })

    describe("softmax", () => {
      const x = [
        [1, 2, 3.5],
        [-50, 0, 50],
      ]
      const rows = x.map((row) => {
        const weights = row.map((v) => Math.exp(v))
        const total = weights.reduce((a, b) => a + b)
        return weights.map((w) => w / total)
      })

      it("values, along the last dimension", () => {
        tf.tidy(() => {
          expectTensor(Activation.softmax.apply({}, tf.tensor(x), runOf(false)), [2, 3], rows.flat())
        })
      })

      it("gradient: p_i (δ_ij − p_j)", () => {
        tf.tidy(() => {
          const dy = [0.5, -1, 2, 1, 3, -2]
          const gradient = tf.grad((x) => Activation.softmax.apply({}, x, runOf(false)))(
            tf.tensor(x),
            tf.tensor(dy, [2, 3]),
          )
          const expected = rows.flatMap((p, r) => {
            const dot = p.reduce((sum, pj, j) => sum + pj * dy[3 * r + j]!, 0)
            return p.map((pi, i) => pi * (dy[3 * r + i]! - dot))
          })
          expectTensor(gradient, [2, 3], expected)
        })
      })
    })

    describe("boundedExp", () => {
      it("is positive, finite and of finite gradient for any number", () => {
        tf.tidy(() => {
          const x = tf.tensor([-3e38, -1e4, -100, -40, 40, 100, 1e4, 3e38])
          const f = (x: tf.Tensor) => Activation.boundedExp.apply({}, x, runOf(false))
          for (const y of f(x).dataSync()) {
            expect(y).toBeGreaterThan(4.5e-5)
            expect(y).toBeLessThan(2.21e4)
          }
          const slope = tf.grad(f)(x).dataSync()
          expect(slope.every(Number.isFinite)).toBe(true)
          // Where clipping would have left nothing.
          expect(slope[3]).toBeGreaterThan(0)
          expect(slope[4]).toBeGreaterThan(0)
        })
      })

      it("differs from exp by 1 part in 300 at 1", () => {
        tf.tidy(() => {
          const y = Activation.boundedExp.apply({}, tf.tensor([-1, 1]), runOf(false)).dataSync()
          expect(y[0]! * Math.E - 1).toBeCloseTo(1 / 301, 5)
          expect(1 - y[1]! / Math.E).toBeCloseTo(1 / 302, 5)
        })
      })
    })

    it("leaves one tensor", () => {
      const x = tf.tensor([1, 2])
      for (const name of Object.keys(reference) as Array<Elementwise>) {
        if (name !== "identity") expectOnly(1, () => network(name).apply({}, x, runOf(false)))
      }
      x.dispose()
    })
  })
}

layer(backends[0][1])("any backend", (it) => {
  it("has no parameters", () => {
    expect(Activation.tanh.init(Key.key(0))).toEqual({})
  })

  it("takes a function of one's own", () => {
    tf.tidy(() => {
      const square = Activation.elementwise("square", tf.square)
      expectTensor(square.apply({}, tf.tensor([3, -2]), runOf(false)), [2], [9, 4])
      expect(Activation.activationOf(square)).toBe(square)
    })
  })

  it("refuses a name that there is not, when it is used", () => {
    for (const name of ["swish", "toString", "__proto__"]) {
      const unknown = Activation.activationOf(name as "relu")
      const error = thrownBy(() => unknown.init(Key.key(0))) as InvalidArgument
      expect(error).toBeInstanceOf(InvalidArgument)
      expect(error.message).toContain(`found "${name}"`)
      expect(error.message).toContain("relu, leakyRelu")
    }
  })
})
