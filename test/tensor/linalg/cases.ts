/**
 * One row for each function of `tensor/linalg` and way of calling it: arguments, and the same in float64. The laws in
 * `laws.test.ts` hold of every row: value, gradient, second derivative, memory, and equality of the backends.
 */
import type * as tf from "@tensorflow/tfjs-core"
import * as L from "../../../src/tensor/linalg.ts"
import { type Dense, random } from "../kernels/reference.ts"
import { distanceCases } from "./distanceCases.ts"
import * as R from "./reference.ts"

export interface Case {
  readonly name: string
  readonly xs: ReadonlyArray<Dense>
  readonly f: (...xs: ReadonlyArray<tf.Tensor>) => tf.Tensor
  readonly reference: (...xs: ReadonlyArray<Dense>) => Dense
  /** How far a value may be off in units of its own rounding, where sums of rounded values are made; 0 if absent. */
  readonly slack?: number
}

const batches: ReadonlyArray<readonly [a: ReadonlyArray<number>, b: ReadonlyArray<number>]> = [
  [[], []],
  [[2], [2]],
  [[], [3]],
  [[3], []],
  [[2, 1], [3]],
  [
    [2, 1],
    [2, 3],
  ],
]

const sizes = [1, 2, 3, 5]

const cholesky = sizes.flatMap(
  (n): ReadonlyArray<Case> =>
    [[], [2], [2, 2]].map((batch) => ({
      name: `cholesky [${[...batch, n, n]}]`,
      xs: [skewed(R.positiveDefinite(batch, n, 10 + n))],
      f: (a) => L.cholesky(a!),
      reference: (a) => R.overBatch([[a!, 2]], [n, n], (m) => R.cholesky(m!)),
    })),
)

const ofOneMatrix = sizes.flatMap((n): ReadonlyArray<Case> => {
  const batch = [2]
  const l = R.triangular(batch, n, 20 + n)
  const positive = { ...l, values: l.values.map((x, i) => ((i % (n * n)) % (n + 1) === 0 ? Math.abs(x) : x)) }
  const m = n + 1
  return [
    {
      name: `choleskyInverse ${n}`,
      xs: [l],
      f: (x) => L.choleskyInverse(x!),
      reference: (x) => R.overBatch([[x!, 2]], [n, n], (t) => R.solve(R.square(t!), R.identity(n))),
    },
    {
      name: `logDetCholesky ${n}`,
      xs: [positive],
      f: (x) => L.logDetCholesky(x!),
      reference: (x) => R.overBatch([[x!, 2]], [], (t) => [[sumLogDiag(t!)]]),
    },
    {
      name: `logDet ${n}`,
      xs: [skewed(R.positiveDefinite(batch, n, 30 + n))],
      f: (x) => L.logDet(x!),
      reference: (x) => R.overBatch([[x!, 2]], [], (a) => [[2 * sumLogDiag(R.cholesky(a!))]]),
      slack: 8,
    },
    {
      name: `triangularInverse ${n}`,
      xs: [l],
      f: (x) => L.triangularInverse(x!),
      reference: (x) => R.overBatch([[x!, 2]], [n, n], (t) => R.solve(R.lower(t!), R.identity(n))),
    },
    {
      name: `triangularInverse ${n}, upper`,
      xs: [l],
      f: (x) => L.triangularInverse(x!, { lower: false }),
      reference: (x) =>
        R.overBatch([[x!, 2]], [n, n], (t) => R.transpose(R.solve(R.lower(R.transpose(t!)), R.identity(n)))),
    },
    ...[-1, 0, 2].flatMap(
      (k): ReadonlyArray<Case> => [
        {
          name: `tril [${n}, ${m}], ${k}`,
          xs: [random([2, n, m], 40 + n)],
          f: (x) => L.tril(x!, k),
          reference: (x) => R.overBatch([[x!, 2]], [n, m], (a) => R.lower(a!, k)),
        },
        {
          name: `triu [${m}, ${n}], ${k}`,
          xs: [random([2, m, n], 41 + n)],
          f: (x) => L.triu(x!, k),
          reference: (x) => R.overBatch([[x!, 2]], [m, n], (a) => R.transpose(R.lower(R.transpose(a!), -k))),
        },
      ],
    ),
    {
      name: `matrixTranspose [${n}, ${m}]`,
      xs: [random([2, n, m], 42 + n)],
      f: (x) => L.matrixTranspose(x!),
      reference: (x) => R.overBatch([[x!, 2]], [m, n], (a) => R.transpose(a!)),
    },
    {
      name: `diagPart ${n}`,
      xs: [random([2, 3, n, n], 43 + n)],
      f: (x) => L.diagPart(x!),
      reference: (x) => R.overBatch([[x!, 2]], [n], (a) => [a!.map((row, i) => row[i]!)]),
    },
    {
      name: `diag ${n}`,
      xs: [random([2, 3, n], 44 + n)],
      f: (x) => L.diag(x!),
      reference: (x) =>
        R.overBatch([[x!, 1]], [n, n], (d) => R.matrix(n, n, (i, j) => (i === j ? d![0]![i]! : 0))),
    },
    ...([0, -1] as const).flatMap((diagonal): ReadonlyArray<Case> => {
      const length = (n * (n + 1 + 2 * diagonal)) / 2
      const cells = R.matrix(n, n, (i, j) => i * n + j)
        .flat()
        .filter((cell) => (cell % n) - Math.floor(cell / n) <= diagonal)
      return [
        {
          name: `fillTriangular ${n}, ${diagonal}`,
          xs: [random([2, length], 45 + n)],
          f: (x) => L.fillTriangular(x!, { diagonal }),
          reference: (x) =>
            R.overBatch([[x!, 1]], [n, n], (v) =>
              R.matrix(n, n, (i, j) => v![0]![cells.indexOf(i * n + j)] ?? 0),
            ),
        },
        {
          name: `packTriangular ${n}, ${diagonal}`,
          xs: [random([2, n, n], 46 + n)],
          f: (x) => L.packTriangular(x!, { diagonal }),
          reference: (x) => R.overBatch([[x!, 2]], [length], (a) => [cells.map((cell) => a!.flat()[cell]!)]),
        },
      ]
    }),
  ]
})

const ofTwo = batches.flatMap(([a, b]): ReadonlyArray<Case> => {
  const n = 4
  const l = R.triangular(a, n, 50)
  const [m, k] = [3, 5]
  const at = `[${a}] with [${b}]`
  return [
    ...[1, 2, 5].flatMap((columns) =>
      [true, false].flatMap((lower) =>
        [false, true].map(
          (transpose): Case => ({
            name: `triangularSolve ${at}, ${columns} columns${lower ? "" : ", upper"}${transpose ? ", transposed" : ""}`,
            xs: [l, random([...b, n, columns], 51)],
            f: (t, x) => L.triangularSolve(t!, x!, { lower, transpose }),
            reference: (t, x) =>
              R.overBatch(
                [
                  [t!, 2],
                  [x!, 2],
                ],
                [n, columns],
                (full, side) => {
                  const triangle = lower ? R.lower(full!) : R.transpose(R.lower(R.transpose(full!)))
                  return R.solve(transpose ? R.transpose(triangle) : triangle, side!)
                },
              ),
          }),
        ),
      ),
    ),
    ...[1, 3].map(
      (columns): Case => ({
        name: `choleskySolve ${at}, ${columns} columns`,
        xs: [l, random([...b, n, columns], 52)],
        f: (t, x) => L.choleskySolve(t!, x!),
        reference: (t, x) =>
          R.overBatch(
            [
              [t!, 2],
              [x!, 2],
            ],
            [n, columns],
            (full, side) => R.solve(R.square(full!), side!),
          ),
      }),
    ),
    {
      name: `quadraticForm ${at}`,
      xs: [l, random([...b, n], 53)],
      f: (t, x) => L.quadraticForm(t!, x!),
      reference: (t, x) =>
        R.overBatch(
          [
            [t!, 2],
            [x!, 1],
          ],
          [],
          (full, v) => R.multiply(v!, R.solve(R.square(full!), R.transpose(v!))),
        ),
      slack: 4,
    },
    ...[false, true].map(
      (transpose): Case => ({
        name: `matvec ${at}${transpose ? ", transposed" : ""}`,
        xs: [random([...a, m, k], 54), random([...b, transpose ? m : k], 55)],
        f: (t, x) => L.matvec(t!, x!, { transpose }),
        reference: (t, x) =>
          R.overBatch(
            [
              [t!, 2],
              [x!, 1],
            ],
            [transpose ? k : m],
            (full, v) =>
              transpose ? R.multiply(v!, full!) : R.transpose(R.multiply(full!, R.transpose(v!))),
          ),
      }),
    ),
    {
      name: `outer ${at}`,
      xs: [random([...a, m], 56), random([...b, k], 57)],
      f: (x, y) => L.outer(x!, y!),
      reference: (x, y) =>
        R.overBatch(
          [
            [x!, 1],
            [y!, 1],
          ],
          [m, k],
          (u, v) => R.multiply(R.transpose(u!), v!),
        ),
    },
    {
      name: `setDiag ${at}`,
      xs: [random([...a, m, m], 58), random([...b, m], 59)],
      f: (x, y) => L.setDiag(x!, y!),
      reference: (x, y) =>
        R.overBatch(
          [
            [x!, 2],
            [y!, 1],
          ],
          [m, m],
          (u, v) => u!.map((row, i) => row.map((value, j) => (i === j ? v![0]![i]! : value))),
        ),
    },
  ]
})

const sumLogDiag = (l: R.Matrix): number => l.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)

/** With what (A + Aᵀ)/2 removes: the functions must not read one triangle alone. */
function skewed(a: Dense): Dense {
  const n = a.shape.at(-1)!
  const sign = (i: number) => Math.sign((i % n) - (Math.floor(i / n) % n))
  return R.float32({ ...a, values: a.values.map((x, i) => x + 0.125 * sign(i)) })
}

export const cases: ReadonlyArray<Case> = [...cholesky, ...ofOneMatrix, ...ofTwo, ...distanceCases]
