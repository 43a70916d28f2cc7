/** Weighted moments against the same sums written out in float64, two passes where the kernel has one. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Backend } from "../../../src/tensor/Backend.ts"
import { ShapeMismatch } from "../../../src/tensor/errors.ts"
import * as Key from "../../../src/tensor/Key.ts"
import { type ScatterForm, weightedScatter } from "../../../src/tensor/linalg.ts"

type Rows = ReadonlyArray<ReadonlyArray<number>>

const expected = (x: Rows, w: Rows, floor: number) => {
  const d = x[0]!.length
  return w[0]!.map((_, k) => {
    const count = w.reduce((sum, row) => sum + row[k]!, 0)
    const of = (f: (row: ReadonlyArray<number>) => number) =>
      x.reduce((sum, row, n) => sum + w[n]![k]! * f(row), 0) / count
    const mean = Array.from({ length: d }, (_, i) => of((row) => row[i]!))
    const covariance = mean.map((a, i) =>
      mean.map((b, j) => of((row) => (row[i]! - a) * (row[j]! - b)) + (i === j ? floor : 0)),
    )
    return { count, mean, covariance }
  })
}

/** LLᵀ. */
const square = (l: Rows) => l.map((a) => l.map((b) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)))

const close = (found: ReadonlyArray<number>, wanted: ReadonlyArray<number>, tolerance: number) => {
  expect(found.length).toBe(wanted.length)
  const excess = found.map((v, i) => Math.abs(v - wanted[i]!) - tolerance * (1 + Math.abs(wanted[i]!)))
  expect(Math.max(...excess)).toBeLessThanOrEqual(0)
}

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`weightedScatter on ${backend}`, (it) => {
    const forms: ReadonlyArray<ScatterForm> = ["full", "tied", "diagonal", "spherical"]
    // Row counts with every remainder of four; and more than are taken at a time.
    describe.each([5, 6, 7, 64, 2001])("%i rows", (n) => {
      it.each(forms)("%s", (form) => {
        tf.tidy(() => {
          const [d, k, floor] = [3, 2, 0.25]
          // Far from 0, and the columns of weights far from each other.
          const x = tf.add(tf.mul(Key.normal(Key.key(n), [n, d]), [1, 2, 0.5]), [1000, -50, 0])
          const w = Key.uniform(Key.key(n + 1), [n, k])
          const { counts, mean, scale } = weightedScatter(x, w, { form, floor })
          const of = expected(x.arraySync() as Rows, w.arraySync() as Rows, floor)
          const total = of.reduce((sum, { count }) => sum + count, 0)
          close(
            [...counts.dataSync()],
            of.map(({ count }) => count),
            1e-6,
          )
          close(
            [...mean.dataSync()],
            of.flatMap(({ mean }) => mean),
            1e-6,
          )
          const variances = of.map(({ covariance }) => covariance.map((row, i) => row[i]!))
          const found = scale.arraySync()
          if (form === "full") {
            close(
              (found as unknown as ReadonlyArray<Rows>).flatMap(square).flat(),
              of.flatMap((c) => c.covariance.flat()),
              1e-6,
            )
          } else if (form === "tied") {
            const tied = of[0]!.covariance.map((row, i) =>
              row.map((_, j) => of.reduce((sum, c) => sum + (c.count / total) * c.covariance[i]![j]!, 0)),
            )
            close(square(found as Rows).flat(), tied.flat(), 1e-6)
          } else if (form === "diagonal") {
            close(
              (found as Rows).flat().map((s) => s * s),
              variances.flat(),
              1e-6,
            )
          } else {
            close(
              (found as ReadonlyArray<number>).map((s) => s * s),
              variances.map((v) => v.reduce((a, b) => a + b) / d),
              1e-6,
            )
          }
        })
      })
    })

    it("gives NaN where a column has no weight, and leaves the others alone", () => {
      tf.tidy(() => {
        const x = Key.normal(Key.key(1), [9, 2])
        const w = tf.concat([tf.ones([9, 1]), tf.zeros([9, 1])], 1)
        for (const form of forms) {
          const { counts, mean, scale } = weightedScatter(x, w, { form, floor: 0 })
          const alone = weightedScatter(x, tf.ones([9, 1]), { form, floor: 0 })
          expect([...counts.dataSync()]).toEqual([9, 0])
          expect([...mean.dataSync()].slice(0, 2)).toEqual([...alone.mean.dataSync()])
          expect([...mean.dataSync()].slice(2).every(Number.isNaN)).toBe(true)
          const own = [...alone.scale.dataSync()]
          expect([...scale.dataSync()].slice(0, own.length)).toEqual(own)
        }
      })
    })

    it("gives NaN where a covariance has no factor", () => {
      tf.tidy(() => {
        const x = tf.tensor2d([
          [1, 1],
          [2, 2],
          [3, 3],
        ])
        const { scale } = weightedScatter(x, tf.ones([3, 1]), { form: "full", floor: 0 })
        expect([...scale.dataSync()].some(Number.isNaN)).toBe(true)
      })
    })

    it("refuses shapes that do not fit", () => {
      const [x, w] = [tf.ones([3, 2]), tf.ones([4, 1])]
      const before = tf.memory().numTensors
      expect(() => weightedScatter(x, w, { form: "full", floor: 0 })).toThrow(ShapeMismatch)
      expect(tf.memory().numTensors).toBe(before)
      tf.dispose([x, w])
    })
  })
}
