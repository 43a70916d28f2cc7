/**
 * Laws of shapes: a draw has shape sample + batch + event and scores to sample + batch; every cell of a batch is the
 * distribution of its own parameters; `toEvent` and `expand` move and add dimensions; what does not fit is refused.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { type Able, families, type Params, type Row } from "./families.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"

const key = Key.key(3)

/** A batch of two rows, or of two by three where there are two parameters: the second broadcasts with the first. */
const batch = (row: Row) => {
  const [a, b] = row.params as [Params, Params]
  const names = Object.keys(a)
  const first = tf.stack([tf.tensor(a[names[0]!] as tf.TensorLike), tf.tensor(b[names[0]!] as tf.TensorLike)])
  if (names.length === 1) {
    return { d: row.make({ [names[0]!]: first }), shape: [2], cell: ([i]: Array<number>) => [a, b][i!]! }
  }
  const others = names.slice(1)
  const params = Object.fromEntries(
    others.map((name) => [name, tf.stack([a, b, a].map((p) => tf.tensor(p[name] as tf.TensorLike)))]),
  )
  return {
    d: row.make({ ...params, [names[0]!]: tf.expandDims(first, 1) }),
    shape: [2, 3],
    cell: ([i, j]: Array<number>): Params => ({ ...[a, b, a][j!]!, [names[0]!]: [a, b][i!]![names[0]!]! }),
  }
}

const cells = (shape: ReadonlyArray<number>): Array<Array<number>> =>
  shape.reduce<Array<Array<number>>>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  )

const forEachFamily = (body: (row: Row, batched: ReturnType<typeof batch>) => void) => {
  for (const row of families) tf.tidy(() => body(row, batch(row)))
}

const failure = (body: () => unknown): unknown => {
  try {
    body()
  } catch (thrown) {
    return thrown
  }
  return "nothing was thrown"
}

describe("shapes", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a draw are sample + batch + event, and of its score sample + batch", () => {
      forEachFamily((row, { d, shape }) => {
        expect(d.batchShape, row.name).toEqual(shape)
        const scalar = row.make(row.params[0]!)
        expect(scalar.batchShape, row.name).toEqual([])
        expect(d.eventShape, row.name).toEqual(scalar.eventShape)
        for (const sample of [[], [4], [4, 1]]) {
          const draw = d.sample(key, sample)
          expect(draw.shape, row.name).toEqual([...sample, ...shape, ...d.eventShape])
          expect(draw.dtype, row.name).toBe("float32")
          expect(d.logProb(draw).shape, row.name).toEqual([...sample, ...shape])
          if (d.rsample) expect(d.rsample(key, sample).shape, row.name).toEqual(draw.shape)
        }
        for (const moment of ["mean", "variance", "mode"] as const) {
          if (d[moment]) expect(d[moment]!().shape, row.name).toEqual([...shape, ...d.eventShape])
        }
        if (d.entropy) expect(d.entropy().shape, row.name).toEqual(shape)
        if (d.enumerate) {
          const values = d.enumerate()
          expect(d.logProb(values).shape, row.name).toEqual([values.shape[0], ...shape])
        }
      })
    })

    check("each cell of a batch is the distribution of its own parameters", () => {
      forEachFamily((row, { d, shape, cell }) => {
        const draw = d.sample(key, [2])
        const width = d.eventShape.reduce((a, b) => a * b, 1)
        const events = tf.reshape(draw, [-1, width]).arraySync() as Array<Array<number>>
        const scores = numbers(() => d.logProb(tf.clone(draw)))
        cells([2, ...shape]).forEach(([, ...at], i) => {
          const alone = row.make(cell(at))
          const event = tf.tensor(events[i]!, [...d.eventShape])
          expectClose(
            [scores[i]!],
            numbers(() => alone.logProb(event)),
            { relative: 1e-5, absolute: 1e-5 },
            row.name,
          )
        })
        for (const moment of ["mean", "variance", "mode", "entropy"] as const) {
          if (!d[moment]) continue
          const found = numbers(() => d[moment]!())
          const expected = cells(shape).flatMap((at) => numbers(() => row.make(cell(at))[moment]!()))
          expectClose(found, expected, { relative: 1e-5, absolute: 1e-6 }, `${moment} of ${row.name}`)
        }
      })
    })
  })

  on(["cpu"], (check) => {
    check("toEvent sums the last dimensions of a batch", () => {
      forEachFamily((row, { d, shape }) => {
        const draw = d.sample(key, [5])
        for (let n = 0; n <= shape.length; n++) {
          const event = d.toEvent(n) as Able
          expect(event.problem, row.name).toBeUndefined()
          expect(event.batchShape, row.name).toEqual(shape.slice(0, shape.length - n))
          expect(event.eventShape, row.name).toEqual([...shape.slice(shape.length - n), ...d.eventShape])
          expect(event.support.eventRank, row.name).toBe(event.eventShape.length)
          expect(event.support.name, row.name).toBe(d.support.name)
          expect(event.gradient, row.name).toBe(d.gradient)
          expect(
            numbers(() => event.sample(key, [5])),
            row.name,
          ).toEqual(numbers(() => draw))
          const axes = Array.from({ length: n }, (_, i) => -1 - i)
          const total = (x: tf.Tensor) => (n === 0 ? x : tf.sum(x, axes))
          const score = event.logProb(draw)
          expect(score.shape, row.name).toEqual([5, ...event.batchShape])
          expectClose(
            numbers(() => score),
            numbers(() => total(d.logProb(draw))),
            { relative: 1e-6, absolute: 1e-6 },
            row.name,
          )
          if (d.entropy) {
            expectClose(
              numbers(() => event.entropy!()),
              numbers(() => total(d.entropy!())),
              { relative: 1e-6, absolute: 1e-6 },
            )
          }
          if (d.mean) expect(event.mean!().shape, row.name).toEqual([...shape, ...d.eventShape])
          expect("rsample" in event, row.name).toBe(d.gradient === "pathwise")
        }
        const twice = (d.toEvent(0) as Able).toEvent(shape.length)
        expect(twice.eventShape, row.name).toEqual([...shape, ...d.eventShape])
        for (const n of [shape.length + 1, -1, 0.5]) {
          const wrong = d.toEvent(n)
          expect(wrong.problem, row.name).toBeInstanceOf(ShapeMismatch)
          expect(
            failure(() => wrong.sample(key)),
            row.name,
          ).toBe(wrong.problem)
          expect(
            failure(() => wrong.logProb(draw)),
            row.name,
          ).toBe(wrong.problem)
        }
      })
    })

    check("expand repeats a distribution over a larger batch, each cell drawn on its own", () => {
      forEachFamily((row, { d, shape }) => {
        const larger = d.expand([4, ...shape]) as Able
        expect(larger.batchShape, row.name).toEqual([4, ...shape])
        expect(larger.eventShape, row.name).toEqual(d.eventShape)
        expect(d.batchShape, row.name).toEqual(shape)
        const draw = larger.sample(key, [3])
        expect(draw.shape, row.name).toEqual([3, 4, ...shape, ...d.eventShape])
        // Expanding draws what sampling as many would have drawn.
        expect(
          numbers(() => draw),
          row.name,
        ).toEqual(numbers(() => d.sample(key, [3, 4])))
        expectClose(
          numbers(() => larger.logProb(draw)),
          numbers(() => d.logProb(draw)),
          // Only the larger remembers what the draw came from; the other takes an inverse, and its rounding.
          row.exactDraws ? { relative: 1e-6, absolute: 1e-6 } : { relative: 5e-6, absolute: 5e-6 },
          row.name,
        )
        expect(larger.logProb(d.sample(key)).shape, row.name).toEqual([4, ...shape])
        for (const moment of ["mean", "variance", "mode"] as const) {
          if (d[moment]) expect(larger[moment]!().shape, row.name).toEqual([4, ...shape, ...d.eventShape])
        }
        if (d.entropy) expect(larger.entropy!().shape, row.name).toEqual([4, ...shape])
        const event = larger.toEvent(1).expand([7, 4, ...shape.slice(0, -1)])
        expect(event.batchShape, row.name).toEqual([7, 4, ...shape.slice(0, -1)])
        for (const wrong of [[], [3], [5, 1]]) {
          const problem = d.expand(wrong).problem
          expect(problem, `${row.name} to ${wrong}`).toBeInstanceOf(ShapeMismatch)
        }
      })
    })

    check("a value stretches to the batch, and the batch never to a value", () => {
      forEachFamily((row, { d, shape }) => {
        const one = row.make(row.params[0]!).sample(key)
        expect(d.logProb(one).shape, row.name).toEqual(shape)
        const wrongBatch = tf.zeros([5, ...d.eventShape])
        const wrong = [
          wrongBatch,
          ...(d.eventShape.length > 0 ? [tf.zeros([...shape, 7]), tf.scalar(1)] : []),
        ]
        for (const value of wrong) {
          const error = failure(() => d.logProb(value))
          expect(error, row.name).toBeInstanceOf(ShapeMismatch)
          expect((error as ShapeMismatch).message).toContain(`found [${value.shape.join(", ")}]`)
        }
        // A column of parameters against a row of values would be a table of pairs.
        const column = row.make(row.params[0]!).expand([5, 1])
        const error = failure(() => column.logProb(wrongBatch))
        expect(error, row.name).toBeInstanceOf(ShapeMismatch)
        expect(failure(() => column.toEvent(1).logProb(tf.zeros([5, 5, ...d.eventShape])))).toBeInstanceOf(
          ShapeMismatch,
        )
      })
    })
  })
})
