/**
 * Laws of transforms, one row each: the inverse undoes the map, what comes out lies in the codomain, the stated
 * log-determinant is that of the Jacobian taken by automatic differentiation, shapes are as foretold, gradients are
 * finite, memory is flat.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { firstOutside } from "../../src/distributions/Distribution.ts"
import * as Support from "../../src/distributions/Support.ts"
import {
  interval as intervalSupport,
  nonNegative,
  positive,
  real,
  simplex,
  unitInterval,
} from "../../src/distributions/Support.ts"
import {
  affine,
  biject,
  compose,
  corrCholesky,
  covariance,
  exp,
  greaterThan,
  identity,
  interval,
  lessThan,
  lowerCholesky,
  ordered,
  positiveOrdered,
  sigmoid,
  softplus,
  sphere,
  stickBreaking,
  type Transform,
} from "../../src/distributions/Transform.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"
import { flowTransforms } from "./rows/flowTransforms.ts"

interface Row {
  readonly name: string
  readonly transform: Transform
  /** The shape of one argument. */
  readonly shape: ReadonlyArray<number>
  /** How far out the map can be undone in float32: arguments are drawn with this standard deviation. */
  readonly spread: number
  /** What goes to what, by hand. */
  readonly known: ReadonlyArray<readonly [x: ReadonlyArray<number>, y: ReadonlyArray<number>]>
  /** Which of y's numbers, row by row, the volume is of; by default as many as x has, from the first on. */
  readonly free?: ReadonlyArray<number>
}

const rows: ReadonlyArray<Row> = [
  { name: "identity", transform: identity, shape: [], spread: 10, known: [[[3], [3]]] },
  {
    name: "exp",
    transform: exp,
    shape: [],
    spread: 10,
    known: [
      [[0], [1]],
      [[1], [Math.E]],
    ],
  },
  {
    name: "softplus",
    transform: softplus,
    shape: [],
    spread: 5,
    known: [
      [[0], [Math.LN2]],
      [[50], [50]],
    ],
  },
  { name: "affine", transform: affine(3, -2), shape: [], spread: 10, known: [[[1], [1]]] },
  {
    name: "affine, by cell",
    transform: affine([3, 1], [-2, 0.5]),
    shape: [2],
    spread: 10,
    known: [
      [
        [1, 4],
        [1, 3],
      ],
    ],
  },
  {
    name: "sigmoid",
    transform: sigmoid,
    shape: [],
    spread: 2,
    known: [
      [[0], [0.5]],
      [[Math.log(3)], [0.75]],
    ],
  },
  {
    name: "interval",
    transform: interval(-1, 3),
    shape: [],
    spread: 2,
    known: [
      [[0], [1]],
      [[Math.log(3)], [2]],
    ],
  },
  {
    name: "interval, by cell",
    transform: interval([0, 1], 5),
    shape: [2],
    spread: 2,
    known: [
      [
        [0, 0],
        [2.5, 3],
      ],
    ],
  },
  {
    name: "stickBreaking",
    transform: stickBreaking,
    shape: [3],
    spread: 2,
    known: [
      [
        [0, 0, 0],
        [0.25, 0.25, 0.25, 0.25],
      ],
      // Half the stick first (its even share is a quarter: logit 0 + log 3), then an even share of the rest.
      [
        [Math.log(3), 0, 0],
        [0.5, 1 / 6, 1 / 6, 1 / 6],
      ],
    ],
  },
  {
    name: "exp ∘ affine",
    transform: compose(affine(1, 0.5), exp),
    shape: [],
    spread: 5,
    known: [[[-2], [1]]],
  },
  {
    name: "stickBreaking ∘ affine",
    transform: compose(affine(0, 2), stickBreaking),
    shape: [2],
    spread: 1,
    known: [
      [
        [0, 0],
        [1 / 3, 1 / 3, 1 / 3],
      ],
    ],
  },
  { name: "biject(real)", transform: biject(real), shape: [], spread: 10, known: [[[3], [3]]] },
  { name: "biject(positive)", transform: biject(positive), shape: [], spread: 10, known: [[[0], [1]]] },
  { name: "biject(nonNegative)", transform: biject(nonNegative), shape: [], spread: 10, known: [[[0], [1]]] },
  {
    name: "biject(unitInterval)",
    transform: biject(unitInterval),
    shape: [],
    spread: 2,
    known: [[[0], [0.5]]],
  },
  {
    name: "biject(interval)",
    transform: biject(intervalSupport(2, 4)),
    shape: [],
    spread: 2,
    known: [[[0], [3]]],
  },
  { name: "biject(simplex)", transform: biject(simplex), shape: [1], spread: 2, known: [[[0], [0.5, 0.5]]] },
  { name: "greaterThan", transform: greaterThan(3), shape: [], spread: 2, known: [[[0], [4]]] },
  {
    name: "greaterThan, by cell",
    transform: greaterThan([3, -2]),
    shape: [2],
    spread: 2,
    known: [
      [
        [0, 0],
        [4, -1],
      ],
    ],
  },
  { name: "lessThan", transform: lessThan(3), shape: [], spread: 2, known: [[[0], [2]]] },
  {
    name: "ordered",
    transform: ordered,
    shape: [3],
    spread: 1.5,
    known: [
      [
        [5, 0, 0],
        [5, 6, 7],
      ],
    ],
  },
  { name: "ordered, of one", transform: ordered, shape: [1], spread: 2, known: [[[-3], [-3]]] },
  {
    name: "positiveOrdered",
    transform: positiveOrdered,
    shape: [3],
    spread: 1.5,
    known: [
      [
        [0, Math.LN2, 0],
        [1, 3, 4],
      ],
    ],
  },
  // A volume on a surface: all of y's numbers, by the Gram determinant.
  { name: "sphere", transform: sphere, shape: [1], spread: 3, known: [[[1], [1, 0]]], free: [0, 1] },
  {
    name: "sphere of three",
    transform: sphere,
    shape: [3],
    spread: 3,
    known: [
      [
        [0, 0, 0],
        [0, 0, 0, 1],
      ],
      [
        [0, 3, 0],
        [0, 0.6, 0, -0.8],
      ],
    ],
    free: [0, 1, 2, 3],
  },
  {
    name: "lowerCholesky",
    transform: lowerCholesky,
    shape: [3],
    spread: 1.5,
    known: [
      [
        [0, 3, Math.LN2],
        [1, 0, 3, 2],
      ],
    ],
    free: [0, 2, 3],
  },
  {
    name: "covariance",
    transform: covariance,
    shape: [6],
    spread: 0.7,
    known: [
      [
        [0, 3, 0, 0, 0, 0],
        [1, 3, 0, 3, 10, 0, 0, 0, 1],
      ],
    ],
    free: [0, 3, 4, 6, 7, 8],
  },
  {
    name: "corrCholesky",
    transform: corrCholesky,
    shape: [3],
    spread: 1,
    known: [
      [
        [Math.atanh(0.6), 0, Math.atanh(0.8)],
        [1, 0, 0, 0.6, 0.8, 0, 0, 0.8, 0.6],
      ],
    ],
    free: [3, 6, 7],
  },
  {
    name: "corrCholesky of four",
    transform: corrCholesky,
    shape: [6],
    spread: 1,
    known: [],
    free: [4, 8, 9, 12, 13, 14],
  },
  {
    name: "lowerCholesky ∘ affine",
    transform: compose(affine([0, 1, -1], 0.5), lowerCholesky),
    shape: [3],
    spread: 1,
    known: [
      [
        [0, 4, 2],
        [1, 0, 3, 1],
      ],
    ],
    free: [0, 2, 3],
  },
  ...(
    [
      [Support.greaterThan(3), [], [0], [4]],
      [Support.lessThan(3), [], [0], [2]],
      [Support.ordered, [2], [5, 0], [5, 6]],
      [Support.positiveOrdered, [2], [0, 0], [1, 2]],
      [Support.sphere, [1], [1], [1, 0]],
      [Support.lowerCholesky, [1], [0], [1]],
      [Support.corrCholesky, [1], [0], [1, 0, 0, 1]],
      [Support.covariance, [1], [0], [1]],
    ] as const
  ).map(
    ([support, shape, x, y]): Row => ({
      name: `biject(${support.name})`,
      transform: biject(support),
      shape,
      spread: 1,
      known: [[x, y]],
      ...(support.name === "corrCholesky"
        ? { free: [2] }
        : support.name === "sphere"
          ? { free: [0, 1] }
          : {}),
    }),
  ),
  ...flowTransforms,
]

/** log |det ∂y/∂x| at one x, from one gradient for each free output: ½ log |det JJᵀ| where there are more of them. */
const logDeterminant = (row: Row, x: ReadonlyArray<number>): number => {
  const free = row.free ?? x.map((_, i) => i)
  const at = tf.tensor(x as Array<number>, [...row.shape])
  const jacobian = free.map((i) =>
    Array.from(
      tf
        .grad((x: tf.Tensor) => tf.slice(tf.reshape(row.transform.forward(x), [-1]), [i], [1]))(at)
        .dataSync(),
    ),
  )
  if (free.length === x.length) return logAbsDet(jacobian)
  const gram = x.map((_, i) => x.map((_, j) => jacobian.reduce((sum, r) => sum + r[i]! * r[j]!, 0)))
  return logAbsDet(gram) / 2
}

/** By elimination with pivots. */
const logAbsDet = (m: Array<Array<number>>): number => {
  let log = 0
  for (let k = 0; k < m.length; k++) {
    const pivot = m
      .slice(k)
      .reduce((best, _, i) => (Math.abs(m[k + i]![k]!) > Math.abs(m[best]![k]!) ? k + i : best), k)
    ;[m[k], m[pivot]] = [m[pivot]!, m[k]!]
    log += Math.log(Math.abs(m[k]![k]!))
    for (let i = k + 1; i < m.length; i++) {
      const factor = m[i]![k]! / m[k]![k]!
      for (let j = k; j < m.length; j++) m[i]![j]! -= factor * m[k]![j]!
    }
  }
  return log
}

/** Maps of vectors that are tried far out too. */
const far3 = [
  "stickBreaking",
  "ordered",
  "positiveOrdered",
  "sphere of three",
  "lowerCholesky",
  "corrCholesky",
  ...flowTransforms.map(({ name }) => name),
]

const arguments_ = (row: Row, count: number): tf.Tensor =>
  tf.mul(Key.normal(Key.key(2), [count, ...row.shape]), row.spread)

describe("a transform", () => {
  on(["cpu", "wasm"], (check) => {
    for (const row of rows) {
      const { transform } = row
      check(`${row.name}: maps into its codomain, is undone by its inverse, and stretches as stated`, () => {
        tf.tidy(() => {
          const x = arguments_(row, 200)
          const y = transform.forward(x)
          expect(firstOutside(transform.codomain, y.dataSync(), y.shape)).toBeUndefined()
          expect(transform.forwardShape(x.shape)).toEqual(y.shape)
          const back = transform.inverse(y)
          expect(transform.inverseShape(y.shape)).toEqual(back.shape)
          expectClose(
            numbers(() => back),
            numbers(() => x),
            { relative: 2e-3, absolute: 2e-3 },
          )
          for (const [from, to] of row.known) {
            const image = transform.forward(tf.tensor(from as Array<number>, [...row.shape]))
            expectClose(
              numbers(() => image),
              to,
              { relative: 1e-6, absolute: 1e-6 },
            )
            expectClose(
              numbers(() => transform.inverse(image)),
              from,
              { relative: 1e-5, absolute: 1e-5 },
            )
          }
          const volume = transform.logAbsDetJacobian(x, y)
          expect(volume.shape).toEqual(x.shape.slice(0, x.rank - transform.eventRank))
          const width = row.shape.reduce((a, b) => a * b, 1)
          const flat = numbers(() => x)
          const stated = numbers(() => tf.sum(tf.reshape(volume, [200, -1]), 1))
          for (let i = 0; i < 12; i++) {
            const expected = logDeterminant(row, flat.slice(i * width, (i + 1) * width))
            expectClose([stated[i]!], [expected], { relative: 1e-4, absolute: 1e-4 })
          }
        })
      })
    }
  })

  on(["cpu"], (check) => {
    check("has finite gradients far out and at the ends, where float32 saturates", () => {
      for (const row of rows) {
        if (row.shape.length > 0 && !far3.includes(row.name)) continue
        const { transform } = row
        tf.tidy(() => {
          const far = row.shape.length === 0 ? [-85, -30, 0, 30, 85] : [-60, 60, 0].slice(0, row.shape[0])
          const x = tf.tensor(far)
          const y = transform.forward(x)
          const sum = (f: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) => tf.sum(f(x))
          for (const [name, gradient] of [
            ["forward", tf.grad(sum(transform.forward))(x)],
            ["inverse", tf.grad(sum(transform.inverse))(y)],
            ["volume", tf.grad(sum((x) => transform.logAbsDetJacobian(x, transform.forward(x))))(x)],
          ] as const) {
            expect(numbers(() => gradient).every(Number.isFinite), `${row.name} ${name}`).toBe(true)
          }
          expect(numbers(() => transform.inverse(y)).every(Number.isFinite), row.name).toBe(true)
        })
      }
    })

    check("leaves no tensor behind", () => {
      for (const row of rows) {
        const { transform } = row
        const x = tf.tidy(() => tf.clone(arguments_(row, 3)))
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const y = transform.forward(x)
          transform.inverse(y)
          transform.logAbsDetJacobian(x, y)
        })
        expect(tf.memory().numTensors, row.name).toBe(before)
        x.dispose()
      }
    })
  })
})
