/**
 * Independent normals together, and log Σ eᵗ, against float64 worked out term by term: values, gradients, extremes, the
 * same bits on both backends.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Normal } from "../../src/distributions/Normal.ts"
import { normalVectorLogDensity } from "../../src/tensor/normals.ts"
import { broadcast } from "../../src/tensor/Shape.ts"
import { logSumExp } from "../../src/tensor/stable.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { type Check, on } from "../laws/onBackends.ts"
import { at, build, type Dense, random, sumTo, toTensor } from "./kernels/reference.ts"

/** float32 rounds a value by at most 2⁻²⁴ of itself. */
const ROUNDING = 6e-8

type Shape = ReadonlyArray<number>
interface Case {
  readonly x: Shape
  readonly loc: Shape
  readonly scale: Shape
}

/** Shapes of x, loc and scale. */
const cases: ReadonlyArray<Case> = [
  { x: [1], loc: [1], scale: [1] },
  { x: [3], loc: [3], scale: [3] },
  { x: [6, 3], loc: [6, 3], scale: [6, 3] },
  { x: [6, 3], loc: [3], scale: [3] },
  { x: [9, 1], loc: [2, 1, 1], scale: [2, 1, 1] },
  { x: [9, 3], loc: [1, 1, 3], scale: [1, 1, 3] },
  { x: [9, 3], loc: [4, 1, 3], scale: [4, 1, 3] },
  { x: [9, 3], loc: [4, 1, 3], scale: [3] },
  { x: [3, 3], loc: [4, 1, 3], scale: [4, 1, 3] },
  { x: [9, 1, 3], loc: [4, 3], scale: [4, 3] },
  { x: [5, 1, 3], loc: [2, 1, 4, 3], scale: [5, 4, 3] },
  { x: [2, 1, 5, 3], loc: [4, 1, 3], scale: [2, 4, 1, 3] },
  { x: [1, 3], loc: [6, 3], scale: [6, 3] },
  // More rows than are taken at a time, and not a multiple of four.
  { x: [2051, 3], loc: [2, 1, 3], scale: [2, 1, 3] },
  { x: [7, 2051], loc: [2051], scale: [2051] },
  { x: [0, 3], loc: [4, 1, 3], scale: [4, 1, 3] },
  { x: [5, 0], loc: [2, 1, 0], scale: [2, 1, 0] },
]

const title = ({ x, loc, scale }: Case) => `[${x}] from [${loc}] by [${scale}]`

const operands = ({ x, loc, scale }: Case) => {
  const s = random(scale, 3)
  return {
    x: random(x, 1),
    loc: random(loc, 2),
    scale: { ...s, values: s.values.map((v) => Math.fround(Math.exp(v))) },
  }
}

const fullOf = (c: Case): ReadonlyArray<number> =>
  [c.loc, c.scale].reduce<Array<number>>(
    (all, shape) => tf.broadcast_util.assertAndGetBroadcastShape(all, [...shape]),
    [...c.x],
  )

type Operands = ReturnType<typeof operands>

/** Each term −½z² − log scale − ½ log 2π, and what the sums' derivatives are made of. */
const terms = (c: Case, { x, loc, scale }: Operands, f: (z: number, s: number) => number): Dense =>
  build(fullOf(c), (index) => {
    const s = at(scale, index)
    return f((at(x, index) - at(loc, index)) / s, s)
  })

const logDensity = (z: number, s: number) => -0.5 * z * z - Math.log(s) - 0.5 * Math.log(2 * Math.PI)

const summed = (t: Dense): ReadonlyArray<number> =>
  sumTo(t, [...t.shape.slice(0, -1), 1]).values.map((v) => v)

/** What came out on the first backend; on the next it must be the same. */
const bits = new Map<string, ReadonlyArray<number>>()
const sameBits = (what: string, found: ReadonlyArray<number>) => {
  const before = bits.get(what)
  if (before === undefined) bits.set(what, found)
  else expect(found, what).toEqual(before)
}

const tensors = (o: Operands) => [toTensor(o.x), toTensor(o.loc), toTensor(o.scale)] as const

describe("normalVectorLogDensity", () => {
  on(["cpu", "wasm"], (check: Check) => {
    for (const c of cases) {
      check(`${title(c)}: the density`, () => {
        const o = operands(c)
        const found = numbers(() => normalVectorLogDensity(...tensors(o)))
        const exact = summed(terms(c, o, logDensity))
        expectClose(found, exact, { relative: ROUNDING, absolute: 1e-12 })
        sameBits(title(c), found)
      })

      check(`${title(c)}: the gradients`, () => {
        const o = operands(c)
        const batch = fullOf(c).slice(0, -1)
        const dy = random(batch, 4)
        const spread = (f: (z: number, s: number) => number) =>
          build(fullOf(c), (index) => {
            const s = at(o.scale, index)
            return at(dy, index.slice(0, -1)) * f((at(o.x, index) - at(o.loc, index)) / s, s)
          })
        const exact = [
          sumTo(
            spread((z, s) => -z / s),
            c.x,
          ),
          sumTo(
            spread((z, s) => z / s),
            c.loc,
          ),
          sumTo(
            spread((z, s) => (z * z - 1) / s),
            c.scale,
          ),
        ]
        tf.tidy(() => {
          const found = tf.grads((x, loc, scale) => normalVectorLogDensity(x!, loc!, scale!))(
            [...tensors(o)],
            toTensor(dy),
          )
          found.forEach((gradient, i) => {
            expect(gradient.shape).toEqual(exact[i]!.shape)
            const got = Array.from(gradient.dataSync())
            // What cancels leaves the rounding of float64.
            expectClose(got, exact[i]!.values, { relative: ROUNDING, absolute: 1e-11 })
            sameBits(`${title(c)}, gradient ${i}`, got)
          })
        })
      })
    }

    check("agrees with central differences of float64", () => {
      const c: Case = { x: [5, 3], loc: [2, 1, 3], scale: [2, 1, 3] }
      const o = operands(c)
      const total = (moved: Operands) => summed(terms(c, moved, logDensity)).reduce((a, b) => a + b, 0)
      tf.tidy(() => {
        const found = tf.grads((x, loc, scale) => tf.sum(normalVectorLogDensity(x!, loc!, scale!)))([
          ...tensors(o),
        ])
        for (const [i, name] of (["x", "loc", "scale"] as const).entries()) {
          const moved = (j: number, by: number): Operands => ({
            ...o,
            [name]: { ...o[name], values: o[name].values.map((v, m) => (m === j ? v + by : v)) },
          })
          const h = 1e-5
          const slopes = o[name].values.map((_, j) => (total(moved(j, h)) - total(moved(j, -h))) / (2 * h))
          expectClose(Array.from(found[i]!.dataSync()), slopes, { relative: 1e-6, absolute: 1e-6 })
        }
      })
    })

    check("has second derivatives: those of the density written out", () => {
      const o = operands({ x: [5, 3], loc: [2, 1, 3], scale: [2, 1, 3] })
      const plain = (x: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor) =>
        tf.sum(tf.sub(tf.mul(-0.5, tf.square(tf.div(tf.sub(x, loc), scale))), tf.log(scale)), -1)
      const second = (f: typeof plain, i: number, j: number) =>
        numbers(
          () =>
            tf.grads((...first: ReadonlyArray<tf.Tensor>) => {
              const [x, loc, scale] = first as [tf.Tensor, tf.Tensor, tf.Tensor]
              const slopes = tf.grads((a, b, d) => tf.sum(tf.square(f(a!, b!, d!))))([x, loc, scale])
              return tf.sum(tf.square(slopes[i]!))
            })([...tensors(o)])[j]!,
        )
      const shifted = (x: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor) =>
        tf.add(normalVectorLogDensity(x, loc, scale), 1.5 * Math.log(2 * Math.PI))
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          expectClose(second(shifted, i, j), second(plain, i, j), { relative: 2e-4, absolute: 1e-2 })
        }
      }
    })

    check("at extremes: float64 until the end", () => {
      const numbersOf = [0, 1e-38, 1e-30, 1, 1e19, 1e30, 3e38]
      const scales = [1e-45, 1e-38, 1e-30, 1e-10, 1, 1e30, 3e38]
      for (const inFours of [false, true]) {
        for (const x of numbersOf) {
          for (const s of scales) {
            const rows = new Array<Array<number>>(inFours ? 4 : 1).fill([x, x])
            const found = numbers(() =>
              normalVectorLogDensity(tf.tensor(rows), tf.tensor([0, -x]), tf.tensor([s, s])),
            )
            const [v, scale] = [Math.fround(x), Math.fround(s)]
            const exact = Math.fround(
              -0.5 * ((v / scale) ** 2 + ((2 * v) / scale) ** 2) -
                2 * Math.log(scale) -
                Math.log(2 * Math.PI),
            )
            expectClose(
              found,
              rows.map(() => exact),
              { relative: 1.2e-7 },
            )
          }
        }
      }
    })

    check("many scales at the ends neither overflow nor vanish together", () => {
      for (const s of [1e-45, 1e-30, 1e30, 3e38]) {
        const found = numbers(() =>
          normalVectorLogDensity(tf.zeros([100]), tf.zeros([100]), tf.fill([100], s)),
        )
        const exact = -100 * Math.log(Math.fround(s)) - 50 * Math.log(2 * Math.PI)
        expectClose(found, [exact], { relative: ROUNDING })
      }
    })

    check("NaN of what is NaN, of no scale and of negative ones; and the others are left alone", () => {
      const x = [0, 1, Number.NaN, 3, 4, Number.POSITIVE_INFINITY]
      const rows = () => tf.tensor(x.map((v) => [v, 0]))
      const found = numbers(() => normalVectorLogDensity(rows(), tf.zeros([2]), tf.ones([2])))
      const exact = x.map((v) => -0.5 * v * v - Math.log(2 * Math.PI))
      expectClose(found, exact, { relative: ROUNDING })
      const at = (scale: ReadonlyArray<number>) =>
        numbers(() => normalVectorLogDensity(tf.zeros([1, 2]), tf.zeros([2]), tf.tensor([...scale])))
      expect([at([-1, -1]), at([0, 1]), at([Number.NaN, 1]), at([-1, 1])].flat().every(Number.isNaN)).toBe(
        true,
      )
      expect(at([Number.POSITIVE_INFINITY, 1])).toEqual([Number.NEGATIVE_INFINITY])
    })

    check("leaves no tensors behind", () => {
      const o = operands({ x: [9, 3], loc: [4, 1, 3], scale: [4, 1, 3] })
      const given = tensors(o)
      const before = tf.memory().numTensors
      tf.tidy(() => {
        tf.grads((x, loc, scale) => tf.sum(normalVectorLogDensity(x!, loc!, scale!)))([...given])
      })
      expect(tf.memory().numTensors).toBe(before)
      tf.dispose([...given])
    })
  })
})

describe("Normal(…).toEvent", () => {
  on(["cpu", "wasm"], (check: Check) => {
    const events: ReadonlyArray<readonly [value: Shape, loc: Shape, scale: Shape, n: number]> = [
      [[5, 4], [4], [], 1],
      [[5, 4], [3, 1, 4], [3, 1, 1], 1],
      [[2, 5, 4], [5, 1], [4], 2],
      [[5, 4], [], [5, 4], 2],
      [[6, 2, 5, 4], [2, 5, 1], [1, 4], 2],
      [[3, 5, 4], [3, 5, 4], [1], 3],
    ]
    for (const [value, loc, scale, n] of events) {
      check(
        `[${value}] of loc [${loc}] and scale [${scale}], ${n} in an event: the sum of what each scores`,
        () => {
          tf.tidy(() => {
            const x = toTensor(random(value, 1))
            const base = Normal({ loc: toTensor(random(loc, 2)), scale: tf.exp(toTensor(random(scale, 3))) })
            const wide = base.expand(broadcast(value, base.batchShape)!)
            const each = wide.logProb(x)
            const whole = wide.toEvent(n).logProb(x)
            const axes = Array.from({ length: n }, (_, i) => each.rank - n + i)
            const sum = tf.sum(each, axes)
            expect(whole.shape).toEqual(sum.shape)
            expectClose(Array.from(whole.dataSync()), Array.from(sum.dataSync()), {
              relative: 1e-6,
              absolute: 1e-5,
            })
          })
        },
      )
    }

    check("of a larger batch that is expanded to", () => {
      const d = Normal({ loc: tf.zeros([3]), scale: 1 })
        .toEvent(1)
        .expand([2, 4])
      expect(tf.tidy(() => d.logProb(tf.ones([4, 3])).shape)).toEqual([2, 4])
    })
  })
})

describe("logSumExp", () => {
  const shapes: ReadonlyArray<readonly [Shape, number]> = [
    [[5], 0],
    [[1], 0],
    [[3, 4], 0],
    [[3, 4], 1],
    [[3, 4], -1],
    [[2, 3, 5], 1],
    [[8, 1003], 0],
    [[5000, 3], 0],
  ]
  const reference = (
    t: Dense,
    axis: number,
    f: (row: ReadonlyArray<number>) => number,
  ): ReadonlyArray<number> => {
    const kept = t.shape.map((size, i) => (i === axis ? 1 : size))
    return build(kept, (index) =>
      f(
        Array.from({ length: t.shape[axis]! }, (_, j) =>
          at(
            t,
            index.map((v, i) => (i === axis ? j : v)),
          ),
        ),
      ),
    ).values
  }
  const logOfSum = (row: ReadonlyArray<number>): number => {
    const top = Math.max(...row)
    return Number.isFinite(top) ? top + Math.log(row.reduce((a, v) => a + Math.exp(v - top), 0)) : top
  }

  on(["cpu", "wasm"], (check: Check) => {
    for (const [shape, axis] of shapes) {
      check(`[${shape}] over ${axis}, and its gradient`, () => {
        const draws = random(shape, 5)
        // Far from 0, where what rounding leaves of the sum is far more than a share.
        const t = { ...draws, values: draws.values.map((v) => Math.fround(40 * v - 5000)) }
        const along = axis < 0 ? axis + shape.length : axis
        const exact = reference(t, along, logOfSum)
        const found = numbers(() => logSumExp(toTensor(t), axis))
        expectClose(found, exact, { relative: ROUNDING })
        sameBits(`logSumExp [${shape}] ${axis}`, found)
        const whole = { shape: shape.map((size, i) => (i === along ? 1 : size)), values: exact }
        const shares = build(shape, (index) => Math.exp(at(t, index) - at(whole, index)))
        const gradient = numbers(() => tf.grad((x) => tf.sum(logSumExp(x, axis)))(toTensor(t)))
        expectClose(gradient, shares.values, { relative: ROUNDING, absolute: 1e-30 })
        sameBits(`logSumExp [${shape}] ${axis}, gradient`, gradient)
      })
    }

    check("of nothing", () => {
      expect(numbers(() => logSumExp(tf.zeros([4, 0]), 0))).toEqual([])
      expect(numbers(() => logSumExp(tf.zeros([2, 0])))).toEqual([-Infinity, -Infinity])
    })

    check("of infinities and NaN; there no gradient flows", () => {
      const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN]
      const rows = [
        [-inf, -inf, -inf],
        [-inf, 1, -inf],
        [inf, 1, -inf],
        [nan, 1, -inf],
        [-inf, nan, -inf],
        [inf, nan, 1],
      ]
      expect(numbers(() => logSumExp(tf.tensor(rows)))).toEqual([-inf, 1, inf, nan, nan, nan])
      const slopes = numbers(() => tf.grad((x) => tf.sum(logSumExp(x)))(tf.tensor(rows)))
      expect(slopes).toEqual([0, 0, 0, 0, 1, 0, ...new Array<number>(12).fill(0)])
    })

    check("has a second derivative: p(1 − p) and −pq, and none at −∞", () => {
      const t = [0.3, -1, 2]
      const p = t.map((v) => Math.exp(v - logOfSum(t)))
      for (let i = 0; i < 3; i++) {
        const row = numbers(() =>
          tf.grad((x) => tf.gather(tf.grad((y) => logSumExp(y as tf.Tensor1D))(x), i))(tf.tensor(t)),
        )
        expectClose(
          row,
          p.map((q, j) => (i === j ? q * (1 - q) : -p[i]! * q)),
          { absolute: 1e-6 },
        )
      }
      const empty = tf.tidy(() => tf.fill([2, 2], Number.NEGATIVE_INFINITY))
      const second = numbers(() => tf.grad((x) => tf.sum(tf.grad((y) => tf.sum(logSumExp(y)))(x)))(empty))
      expect(second).toEqual([0, 0, 0, 0])
      empty.dispose()
    })
  })
})
