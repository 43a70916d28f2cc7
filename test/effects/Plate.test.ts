import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Key,
  logDensity,
  Normal,
  observe,
  PlateError,
  plate,
  ShapeMismatch,
  sample,
  trace,
} from "../../src/index.ts"
import { expectClose, normal, sum } from "./numbers.ts"

const key = Key.key(4)
const standard = Normal({ loc: 0, scale: 1 })
const nothing = { values: {}, params: {} }

layer(Backend.cpu())((it) => {
  describe("a plate", () => {
    it.effect("gives each member a draw of its own", () =>
      Effect.gen(function* () {
        const t = yield* trace(sample("z", standard).pipe(plate("rows", { size: 4 })), { key })
        const noise = Array.from(Key.normalValues(Key.foldInName(key, "z"), [4]))
        expect(t.values.z.shape).toEqual([4])
        expectClose(t.values.z, noise, 1e-7)
        expectClose(t.logDensity, sum(noise.map((x) => normal(x, 0, 1))))
      }),
    )

    it.effect("expands events as a whole", () =>
      Effect.gen(function* () {
        const t = yield* trace(sample("z", Normal.standard([2])).pipe(plate("rows", { size: 3 })), { key })
        expect(t.values.z.shape).toEqual([3, 2])
        expect(t.sites.get("z")!.logProb.shape).toEqual([3])
        expect(t.sites.get("z")!.plates).toEqual([{ name: "rows", size: 3, extent: 3, dim: -1 }])
      }),
    )

    it.effect("scores each member with its own parameter, or with a common one", () =>
      Effect.gen(function* () {
        const rows = plate("rows", { size: 3 })
        const own = observe("x", Normal({ loc: [1, 2, 3], scale: 1 }), [0, 0, 0]).pipe(rows)
        expectClose(yield* logDensity(own, nothing), sum([1, 2, 3].map((loc) => normal(0, loc, 1))))
        const common = observe("x", Normal({ loc: [2], scale: 1 }), [0, 0, 1]).pipe(rows)
        expectClose(yield* logDensity(common, nothing), 2 * normal(0, 2, 1) + normal(1, 2, 1))
      }),
    )

    it.effect("refuses another extent than its own, naming site and plate", () =>
      Effect.gen(function* () {
        const program = sample("z", Normal({ loc: [1, 2], scale: 1 })).pipe(plate("rows", { size: 3 }))
        const error = yield* Effect.flip(trace(program, { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toBe(
          'site "z": expected extent 3 or 1 at dimension -1, as in plate "rows", found batch shape [2]',
        )
      }),
    )
  })

  describe("subsampling", () => {
    const rows = [0.5, -1, 2, 3.5]
    const model = Effect.fnUntraced(
      function* (x: tf.Tensor) {
        return yield* observe("x", Normal({ loc: 1, scale: 2 }), x)
      },
      plate("rows", { size: rows.length }),
    )
    const density = (members: ReadonlyArray<number>) => sum(members.map((x) => normal(x, 1, 2)))

    it.effect("takes its extent from the first tensor of the function's arguments, and scales", () =>
      Effect.gen(function* () {
        const lp = yield* logDensity(model(tf.tensor([0.5, 2])), nothing)
        expectClose(lp, (4 / 2) * density([0.5, 2]))
      }),
    )

    it.effect("is unbiased: the mean over all minibatches is the whole", () =>
      Effect.gen(function* () {
        let total = 0
        let batches = 0
        for (let i = 0; i < rows.length; i++) {
          for (let j = i + 1; j < rows.length; j++) {
            total += (yield* logDensity(model(tf.tensor([rows[i]!, rows[j]!])), nothing)).dataSync()[0]!
            batches++
          }
        }
        expect(batches).toBe(6)
        expectClose(total / batches, density(rows))
      }),
    )

    it.effect("looks into records and lists of arguments, and not into instances of classes", () =>
      Effect.gen(function* () {
        class Service {
          readonly weights = tf.zeros([3])
          readonly self: Service = this
        }
        const service = new Service()
        const program = Effect.fnUntraced(
          function* (_: number, _service: Service, { images: [x] }: { images: readonly [tf.Tensor] }) {
            yield* sample("z", standard)
            return x.shape
          },
          plate("rows", { size: 10 }),
        )
        const t = yield* trace(program(1, service, { images: [tf.zeros([2, 5])] }), { key })
        expect(t.values.z.shape).toEqual([2])
        service.weights.dispose()
      }),
    )

    it.effect("takes a stated extent before the tensor's, and its size failing both", () =>
      Effect.gen(function* () {
        const body = Effect.fnUntraced(
          function* (_: tf.Tensor) {
            return yield* sample("z", standard)
          },
          plate("rows", { size: 6, subsample: 3 }),
        )
        expect((yield* trace(body(tf.zeros([2])), { key })).values.z.shape).toEqual([3])
        const bare = sample("z", standard).pipe(plate("rows", { size: 6 }))
        expect((yield* trace(bare, { key })).values.z.shape).toEqual([6])
        // A scalar has no first axis: the next tensor's counts, or else the size.
        const scalar = Effect.fnUntraced(
          function* (..._: ReadonlyArray<tf.Tensor>) {
            return yield* sample("z", standard)
          },
          plate("rows", { size: 6 }),
        )
        expect((yield* trace(scalar(tf.scalar(1)), { key })).values.z.shape).toEqual([6])
        expect((yield* trace(scalar(tf.scalar(1), tf.zeros([4])), { key })).values.z.shape).toEqual([4])
      }),
    )

    it.effect("scales latent sites too", () =>
      Effect.gen(function* () {
        const program = sample("z", standard).pipe(plate("rows", { size: 10, subsample: 2 }))
        const lp = yield* logDensity(program, { values: { z: [1, 2] }, params: {} })
        expectClose(lp, 5 * (normal(1, 0, 1) + normal(2, 0, 1)))
      }),
    )
  })

  describe("nested plates", () => {
    const grid = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    const cells = grid.flat()

    it.effect("take dimensions from the right, the innermost leftmost", () =>
      Effect.gen(function* () {
        const inner = Effect.gen(function* () {
          yield* sample("cell", standard)
        }).pipe(plate("rows", { size: 2 }))
        const program = Effect.gen(function* () {
          yield* sample("column", standard)
          yield* inner
        }).pipe(plate("columns", { size: 3 }))
        const t = yield* trace(program, { key })
        expect(t.values.column.shape).toEqual([3])
        expect(t.values.cell.shape).toEqual([2, 3])
        expect(t.sites.get("cell")!.plates).toEqual([
          { name: "columns", size: 3, extent: 3, dim: -1 },
          { name: "rows", size: 2, extent: 2, dim: -2 },
        ])
      }),
    )

    it.effect("take the dimensions that are stated", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const row = yield* sample("row", standard)
          expect(row.shape).toEqual([2, 1])
          return yield* sample("cell", Normal({ loc: row, scale: 1 })).pipe(
            plate("columns", { size: 3, dim: -1 }),
          )
        }).pipe(plate("rows", { size: 2, dim: -2 }))
        const row = [[10], [20]]
        const lp = yield* logDensity(program, { values: { row, cell: grid }, params: {} })
        const expected =
          sum(row.flat().map((r) => normal(r, 0, 1))) +
          sum(grid.flatMap((line, i) => line.map((x) => normal(x, row[i]![0]!, 1))))
        expectClose(lp, expected)
      }),
    )

    it.effect("leave a gap at a dimension that no plate has", () =>
      Effect.gen(function* () {
        const program = sample("z", standard).pipe(plate("rows", { size: 2, dim: -3 }))
        expect((yield* trace(program, { key })).values.z.shape).toEqual([2, 1, 1])
        // The outer one is taken around: the first free dimension is −1.
        const nested = sample("z", standard).pipe(
          plate("inner", { size: 3 }),
          plate("outer", { size: 2, dim: -2 }),
        )
        expect((yield* trace(nested, { key })).values.z.shape).toEqual([2, 3])
      }),
    )

    it.effect("multiply their scales", () =>
      Effect.gen(function* () {
        const program = observe("x", standard, grid).pipe(
          plate("columns", { size: 6, subsample: 3, dim: -1 }),
          plate("rows", { size: 10, subsample: 2, dim: -2 }),
        )
        expectClose(yield* logDensity(program, nothing), 2 * 5 * sum(cells.map((x) => normal(x, 0, 1))))
      }),
    )

    it.effect("may follow one another in one place", () =>
      Effect.gen(function* () {
        const program = Effect.all([
          sample("a", standard).pipe(plate("first", { size: 2 })),
          sample("b", standard).pipe(plate("second", { size: 5 })),
        ])
        const t = yield* trace(program, { key })
        expect([t.values.a.shape, t.values.b.shape]).toEqual([[2], [5]])
      }),
    )

    it.effect("refuse the transpose, naming site and plate", () =>
      Effect.gen(function* () {
        const program = observe("x", Normal({ loc: tf.zeros([3, 2]), scale: 1 }), tf.zeros([3, 2])).pipe(
          plate("columns", { size: 3, dim: -1 }),
          plate("rows", { size: 2, dim: -2 }),
        )
        const error = yield* Effect.flip(trace(program, { key }))
        expect(error.message).toContain('site "x"')
        expect(error.message).toContain('plate "columns"')
      }),
    )
  })

  describe("a plate that cannot be", () => {
    const refused = [
      [
        "a size of zero",
        { size: 0 },
        'plate "rows": expected a size that is a whole number from 1 up, found 0',
      ],
      ["a fraction", { size: 2.5 }, "found 2.5"],
      ["NaN", { size: Number.NaN }, "found NaN"],
      [
        "more members than there are",
        { size: 2, subsample: 3 },
        "from 1 to 2 members present (its size), found 3",
      ],
      ["no members", { size: 2, subsample: 0 }, "found 0"],
      ["a dimension from the left", { size: 2, dim: 0 }, "a dimension counted from the right"],
      ["a fraction of a dimension", { size: 2, dim: -1.5 }, "found -1.5"],
    ] as const
    for (const [what, options, message] of refused) {
      it.effect(`is refused: ${what}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(trace(sample("z", standard).pipe(plate("rows", options)), { key }))
          expect(error).toBeInstanceOf(PlateError)
          expect(error.message).toContain('plate "rows"')
          expect(error.message).toContain(message)
        }),
      )
    }

    it.effect("is refused: a minibatch larger than the data", () =>
      Effect.gen(function* () {
        const program = Effect.fnUntraced(
          function* (_: tf.Tensor) {
            yield* sample("z", standard)
          },
          plate("rows", { size: 2 }),
        )
        const error = yield* Effect.flip(trace(program(tf.zeros([5])), { key }))
        expect(error.message).toContain("found 5")
      }),
    )

    it.effect("is refused: a dimension, or a name, that an outer plate has", () =>
      Effect.gen(function* () {
        const dim = sample("z", standard).pipe(
          plate("inner", { size: 2, dim: -1 }),
          plate("outer", { size: 2, dim: -1 }),
        )
        expect((yield* Effect.flip(trace(dim, { key }))).message).toContain(
          'plate "inner": expected a dimension of its own, found -1, which plate "outer" has',
        )
        const name = sample("z", standard).pipe(plate("rows", { size: 2 }), plate("rows", { size: 2 }))
        expect((yield* Effect.flip(trace(name, { key }))).message).toContain("a name of its own")
      }),
    )
  })
})
