/** Planted faults: each is found, at its step, and blamed on its site, parameter and index, by one line that says what to do. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import {
  autoNormal,
  Backend,
  Bernoulli,
  Categorical,
  closedForm,
  Dataset,
  deterministic,
  elbo,
  enumerated,
  factor,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  gradientSteps,
  iwae,
  Key,
  LogNormal,
  logEvidence,
  mask,
  Normal,
  Optimizer,
  observe,
  Poisson,
  param,
  plate,
  Support,
  sample,
  scoreFunction,
  Uniform,
} from "../../src/index.ts"
import { detach } from "../../src/tensor/stable.ts"

/** What a fit fails with, if it does. */
interface Fault {
  readonly planted: string
  readonly run: () => Effect.Effect<unknown, unknown, Backend | Scope.Scope>
  /** What the error is and holds; nothing where no fault is to be found. */
  readonly error: object | undefined
  readonly says?: ReadonlyArray<string>
}

const step = (step: number, rest: object) => ({ _tag: "NonFinite", step, ...rest })

/** Gradient descent at rate 1. */
const descent = { steps: 12, optimizer: Optimizer.sgd(1) }
const nothing = () => Effect.void

/** The parameter w, from `from`, less 1 at each step: 3, 2, 1, 0 at the fourth. */
const falling = (from: number) =>
  Effect.gen(function* () {
    const w = yield* param("w", from)
    yield* factor("fall", tf.neg(w))
    return detach(() => tf.clone(w))
  })

/** `[1, …, 1]` but `x` at `at`. */
const onesBut = (n: number, at: number, x: tf.Tensor | number) =>
  tf.tidy(() => {
    const there = tf.cast(tf.equal(tf.range(0, n), at), "bool")
    return tf.where(there, tf.mul(x, tf.ones([n])), tf.ones([n]))
  })

const ones = (n: number) => Array.from({ length: n }, () => 1)
const onesWith = (n: number, at: number, x: number) => ones(n).map((one, i) => (i === at ? x : one))

const alone = (model: () => Effect.Effect<unknown, unknown, unknown>, options = {}) =>
  fitSVI(model as never, nothing as never, undefined, { ...descent, ...options }) as Effect.Effect<
    unknown,
    unknown,
    Backend | Scope.Scope
  >

/** A location of all rows under a scale of 1. */
const located = (size: number) =>
  Effect.fnUntraced(function* (x: tf.Tensor) {
    const loc = yield* param("loc", 0)
    yield* plate("rows", { size })(observe("x", Normal({ loc, scale: 1 }), x), x)
  })

/** Counts under one rate. */
const counts = (size: number) =>
  Effect.fnUntraced(function* (x: tf.Tensor) {
    const rate = yield* param("rate", 1, { support: Support.positive })
    yield* plate("rows", { size })(observe("x", Poisson({ rate }), x), x)
  })

const key = Key.key(3)
const gentle = { key, batchSize: 5, epochs: 2, optimizer: Optimizer.sgd(1e-4) }

/** Where a row of 20 comes first in shuffled batches of 5: the step, and the index in the batch. */
const whereIs = (row: number) => {
  const data = Effect.runSync(Dataset.fromArray(ones(20), [20]))
  const at = Key.foldInName(key, "batches")
  const batches = Effect.runSync(Dataset.batches(data, { batchSize: 5, key: at, epoch: 0 }))
  const batch = batches.findIndex((rows) => rows.includes(row))
  // The first batch is checked before the first step, by other errors.
  expect(batch).toBeGreaterThan(0)
  return { step: batch + 1, index: [batches[batch]!.indexOf(row)] }
}

/** Rows of a data set of the user's own, which nobody has checked. */
const own = (values: ReadonlyArray<number>): Dataset.Dataset<tf.Tensor> => ({
  size: values.length,
  take: (rows) => tf.tensor1d(Array.from(rows, (row) => values[row]!)),
})

const locGuide =
  (loc: () => tf.Tensor | number = () => 0) =>
  () =>
    Effect.gen(function* () {
      const shift = yield* param("shift", 0)
      yield* sample("z", Normal({ loc: tf.add(loc(), shift), scale: 0.1 }))
    })

/** A model of z whose scale for x falls to zero at index 1, at the third step. */
const failing = () =>
  Effect.gen(function* () {
    const w = yield* falling(2)
    const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
    const scale = onesBut(2, 1, w)
    yield* plate("two", { size: 2 })(
      observe("x", Normal({ loc: detach(() => tf.mul(z, 1e-3)), scale }), [0, 0]),
    )
  })
const thirdStep = step(3, { site: "x", parameter: "scale", index: [1] })

const mixture = (size: number, loc: (k: tf.Tensor) => tf.Tensor = (k) => tf.cast(k, "float32")) =>
  Effect.fnUntraced(
    function* (x: tf.Tensor) {
      const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
      const z = yield* sample("z", Categorical({ probs }))
      yield* observe("x", Normal({ loc: loc(z), scale: 1 }), x)
    },
    plate("rows", { size }),
  )
/** Rows that the first class gives only below 1, and a factor that is not finite. */
const halfImpossible = Effect.fnUntraced(function* (x: tf.Tensor) {
  const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
  const within = Effect.gen(function* () {
    const z = yield* sample("z", Categorical({ probs }))
    const high = tf.add(1, tf.mul(2, z))
    yield* observe("x", Uniform({ low: 0, high }), x)
  })
  yield* plate("rows", { size: 3 })(within)
  yield* factor("bad", tf.mul(tf.sum(probs), Number.NaN))
})

const dies = closedForm<tf.Tensor>(() => ({ probs: tf.div([0, 1], [0, 1]) }))
const emData = () => tf.tensor1d([0, 1, 0.5])

const faults: ReadonlyArray<Fault> = [
  {
    planted: "NaN in row 17 of the data",
    run: () => fitSVI(located(20), nothing, tf.tensor1d(onesWith(20, 17, Number.NaN))),
    error: { _tag: "OutsideSupport", index: [17], found: "NaN" },
    says: ['site "x" (Normal)', "a finite number", "at index [17]"],
  },
  {
    planted: "NaN in row 17 of data to be taken in minibatches",
    run: () => fitSVI(located(20), nothing, tf.tensor1d(onesWith(20, 17, Number.NaN)), gentle),
    error: { _tag: "DataError" },
    says: ["data, row 17", "found NaN"],
  },
  {
    planted: "NaN in row 17, which a take of the user's own gives in a later batch",
    run: () => fitSVI(located(20), nothing, own(onesWith(20, 17, Number.NaN)), gentle),
    get error() {
      const { step: at, index } = whereIs(17)
      return step(at, { site: "x", parameter: "value", index, row: 17, found: "NaN" })
    },
    says: ["row 17 of the data: NaN; mask these data"],
  },
  {
    planted: "an infinite row",
    run: () =>
      Effect.flatMap(Dataset.fromArray(onesWith(20, 17, Infinity), [20]), (data) =>
        fitSVI(located(20), nothing, data, gentle),
      ),
    error: { _tag: "DataError" },
    says: ["row 17", "Infinity"],
  },
  {
    planted: "a row that float32 cannot square",
    run: () =>
      Effect.flatMap(Dataset.fromArray(onesWith(20, 17, 1e30), [20]), (data) =>
        fitSVI(located(20), nothing, data, gentle),
      ),
    get error() {
      const { step: at, index } = whereIs(17)
      return step(at, { site: "x", parameter: "log-density", index, row: 17, found: "-Infinity" })
    },
    says: ["row 17 of the data", "rescale the data"],
  },
  {
    planted: "a count below zero in a later batch",
    run: () =>
      Effect.flatMap(Dataset.fromArray(onesWith(20, 17, -1), [20]), (data) =>
        fitSVI(counts(20), nothing, data, gentle),
      ),
    get error() {
      const { step: at, index } = whereIs(17)
      return step(at, { site: "x", parameter: "value", index, row: 17 })
    },
    says: ["-1, which is not an integer from 0 up", "row 17 of the data"],
  },
  {
    planted: "a value outside the support from the start",
    run: () =>
      alone(() =>
        Effect.andThen(
          falling(3),
          plate("rows", { size: 3 })(observe("x", LogNormal({ loc: 0, scale: 1 }), [1, 2, -1])),
        ),
      ),
    error: { _tag: "OutsideSupport", index: [2] },
    says: ['site "x" (LogNormal)', "positive", "found -1"],
  },
  {
    planted: "a scale of zero at index 3",
    run: () =>
      alone(() =>
        Effect.andThen(
          falling(3),
          plate("rows", { size: 5 })(observe("x", Normal({ loc: 0, scale: onesWith(5, 3, 0) }), ones(5))),
        ),
      ),
    error: { _tag: "InvalidParameter", site: "x", parameter: "scale", index: [3], found: "0" },
    says: ['site "x"', '"scale" must be positive'],
  },
  {
    planted: "a scale that falls to zero at index 3 at the third step",
    run: () =>
      alone(() =>
        Effect.flatMap(falling(2), (w) =>
          plate("rows", { size: 5 })(observe("x", Normal({ loc: 0, scale: onesBut(5, 3, w) }), ones(5))),
        ),
      ),
    error: step(3, { site: "x", parameter: "scale", index: [3] }),
    says: ["Normal scale must be positive and finite, found 0", "softplus"],
  },
  {
    planted: "a rate that a layer of weights turns negative",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          const rate = tf.reshape(
            tf.matMul(tf.tensor2d([[1], [2], [1]]), tf.reshape(tf.sub(w, 0.5), [1, 1])),
            [3],
          )
          yield* plate("rows", { size: 3 })(observe("x", Poisson({ rate }), [1, 1, 1]))
        }),
      ),
    error: step(3, { site: "x", parameter: "rate", index: [0] }),
    says: ["Poisson rate must be", "found -0.5"],
  },
  {
    planted: "a probability above 1",
    run: () =>
      alone(() =>
        Effect.flatMap(falling(3), (w) =>
          plate("rows", { size: 3 })(
            observe("x", Bernoulli({ probs: onesBut(3, 1, tf.mul(1e3, tf.sub(3, w))) }), onesWith(3, 1, 0)),
          ),
        ),
      ),
    error: step(2, { site: "x", parameter: "probs", index: [1] }),
    says: ["Bernoulli probs must be", "found 1000", "sigmoid"],
  },
  {
    planted: "the logarithm of zero in a factor in a plate",
    run: () =>
      alone(() =>
        Effect.flatMap(falling(2), (w) =>
          plate("rows", { size: 3 })(factor("penalty", tf.log(onesBut(3, 2, w)))),
        ),
      ),
    error: step(3, { site: "penalty", parameter: "logWeight", index: [2], found: "-Infinity" }),
    says: ["as by a floor"],
  },
  {
    planted: "NaN where a parameter starts",
    run: () => alone(() => Effect.flatMap(param("w", [1, Number.NaN]), (w) => factor("f", tf.sum(w)))),
    error: { _tag: "InvalidParameter", parameter: "init", index: [1], found: "NaN" },
    says: ['param "w"'],
  },
  {
    planted: "a learning rate that explodes",
    run: () =>
      alone(() => Effect.flatMap(param("w", [0, 1]), (w) => factor("f", tf.neg(tf.sum(tf.square(w))))), {
        optimizer: Optimizer.sgd(1e15),
      }),
    // w ← w (1 − 2e15): below float32's end at the first two steps; its square above it already at the second.
    error: step(3, { site: "f", parameter: "logWeight", found: "-Infinity" }),
  },
  {
    planted: "a learning rate so large that the parameter itself goes",
    run: () =>
      alone(
        () => Effect.flatMap(param("w", [0, 1]), (w) => factor("f", tf.mul(1e18, tf.sum(tf.mul(w, [0, 1]))))),
        { optimizer: Optimizer.sgd(1e30) },
      ),
    error: step(2, { parameter: "w", index: [1], found: "Infinity" }),
    says: ["take smaller ones", "restore"],
  },
  {
    planted: "a schedule that turns NaN after its second step",
    run: () =>
      alone(() => falling(10), { optimizer: Optimizer.sgd((taken) => (taken < 2 ? 1 : Number.NaN)) }),
    error: { _tag: "InvalidArgument", where: "learning rate at step 2 (counted from 0)", found: "NaN" },
  },
  {
    planted: "NaN under a mask",
    run: () =>
      fitSVI(
        Effect.fnUntraced(function* (x: tf.Tensor) {
          const loc = yield* param("loc", 0)
          yield* mask(plate("rows", { size: 3 })(observe("x", Normal({ loc, scale: 1 }), x), x), [1, 0, 1])
        }),
        nothing,
        tf.tensor1d([1, Number.NaN, 2]),
        { steps: 3 },
      ),
    error: undefined,
  },
  {
    planted: "NaN under a mask, and a fault beside it",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          const x = tf.tensor1d([Number.NaN, 1, 1])
          yield* mask(
            plate("rows", { size: 3 })(observe("x", Normal({ loc: 0, scale: onesBut(3, 2, w) }), x)),
            [0, 1, 1],
          )
        }),
      ),
    error: step(3, { site: "x", parameter: "scale", index: [2] }),
  },
  {
    planted: "a factor that is infinite under a mask, and one that is not under it",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          yield* mask(factor("hidden", tf.log(tf.mul(w, 0))), tf.scalar(0, "bool"))
          yield* factor("open", tf.log(w))
        }),
      ),
    error: step(3, { site: "open", parameter: "logWeight" }),
  },
  {
    planted: "(N, 1) against (N)",
    run: () => fitSVI(located(4), nothing, tf.ones([4, 1])),
    error: { _tag: "ShapeMismatch" },
    says: ['site "x" (Normal)', "a value of shape [4]", "found [4, 1]"],
  },
  {
    planted: "a location (N, 1) against data (N)",
    run: () =>
      fitSVI(
        Effect.fnUntraced(function* (x: tf.Tensor) {
          const loc = tf.mul(yield* param("loc", 0), tf.ones([4, 1]))
          yield* plate("rows", { size: 4 })(observe("x", Normal({ loc, scale: 1 }), x), x)
        }),
        nothing,
        tf.ones([4]),
      ),
    error: { _tag: "ShapeMismatch" },
    says: ['site "x"', "batch dimension -2 to be declared", "batch shape [4, 1]"],
  },
  {
    planted: "a factor (N, 1) in a plate",
    run: () =>
      alone(() =>
        Effect.flatMap(param("w", 1), (w) =>
          plate("rows", { size: 4 })(factor("f", tf.mul(w, tf.ones([4, 1])))),
        ),
      ),
    error: { _tag: "ShapeMismatch" },
    says: ['factor "f"', "batch dimension -2"],
  },
  {
    planted: "no plate under minibatches",
    run: () =>
      fitSVI(
        (x: tf.Tensor) => Effect.flatMap(param("loc", 0), (loc) => factor("f", tf.sum(tf.sub(x, loc)))),
        nothing,
        tf.ones([20]),
        { batchSize: 5, steps: 1 },
      ),
    error: { _tag: "PlateError", found: "no plate" },
    says: ["a plate of size 20, the rows of the data"],
  },
  {
    planted: "no plate at all",
    run: () =>
      fitSVI(
        (x: tf.Tensor) =>
          Effect.flatMap(param("loc", 0), (loc) =>
            observe("x", Normal({ loc: tf.mul(loc, tf.onesLike(x)), scale: 1 }), x),
          ),
        nothing,
        tf.ones([4]),
      ),
    error: { _tag: "ShapeMismatch" },
    says: ['site "x"', "by a plate"],
  },
  {
    planted: "a plate smaller than the data",
    run: () => fitSVI(located(15), nothing, tf.ones([20])),
    error: { _tag: "PlateError", plate: "rows" },
    says: ["from 1 to 15", "found 20"],
  },
  {
    planted: "a plate larger than the data, under minibatches",
    run: () => fitSVI(located(30), nothing, tf.ones([20]), { batchSize: 5, steps: 1 }),
    error: { _tag: "PlateError", plate: "rows", found: "sizes 30" },
    says: ["size 20, the rows of the data"],
  },
  {
    planted: "a plate larger than the data",
    run: () => fitSVI(located(30), nothing, tf.ones([20]), { steps: 1 }),
    error: { _tag: "PlateError", plate: "rows" },
    says: ["size 20, the rows of the data", "size 30", "count 1.5 times"],
  },
  {
    planted: "a gradient of √ at 0, the loss finite",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const v = yield* param("v", [4, 0, 1])
          yield* factor("fine", tf.sum(v))
          yield* observe("x", Normal({ loc: tf.sum(tf.sqrt(tf.square(v))), scale: 1 }), 0)
        }),
      ),
    error: step(1, { site: "x", parameter: "v", index: [1], found: "a gradient of NaN" }),
    says: ["no finite derivative", "√"],
  },
  {
    planted: "a gradient of √ at 0 in the guide, which comes first",
    run: () =>
      fitSVI(
        () =>
          Effect.flatMap(sample("z", Normal({ loc: 0, scale: 1 })), (z) =>
            observe("x", Normal({ loc: z, scale: 1 }), 0),
          ),
        () =>
          Effect.flatMap(param("v", 0), (v) => sample("z", Normal({ loc: tf.sqrt(tf.square(v)), scale: 1 }))),
        undefined,
        descent,
      ),
    error: step(1, { site: "z", inGuide: true, parameter: "v", found: "a gradient of NaN" }),
    says: ['site "z" of the guide'],
  },
  {
    planted: "finite terms whose sum overflows",
    run: () =>
      alone(() =>
        Effect.flatMap(falling(3), (w) =>
          plate("rows", { size: 4 })(factor("heavy", tf.mul(-1e38, tf.mul(tf.ones([4]), tf.sub(4, w))))),
        ),
      ),
    error: step(1, { site: "heavy", parameter: "logWeight", found: "finite terms, whose sum is -Infinity" }),
    says: ["rescale the data"],
  },
  {
    planted: "the second of two plates",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          yield* plate("one", { size: 3 })(observe("a", Normal({ loc: 0, scale: ones(3) }), ones(3)))
          yield* plate("other", { size: 4 })(
            observe("b", Normal({ loc: 0, scale: onesBut(4, 2, w) }), ones(4)),
          )
        }),
      ),
    error: step(3, { site: "b", parameter: "scale", index: [2] }),
  },
  {
    planted: "a cell of nested plates",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          const scale = tf.reshape(onesBut(6, 5, w), [2, 3])
          yield* plate("rows", { size: 2, dim: -2 })(
            plate("columns", { size: 3 })(observe("x", Normal({ loc: 0, scale }), tf.ones([2, 3]))),
          )
        }),
      ),
    error: step(3, { site: "x", parameter: "scale", index: [1, 2] }),
  },
  {
    planted: "a location that is NaN in the guide",
    run: () =>
      fitSVI(
        () =>
          Effect.flatMap(sample("z", Normal({ loc: 0, scale: 1 })), (z) =>
            observe("x", Normal({ loc: z, scale: 1 }), 0),
          ),
        () =>
          Effect.flatMap(param("v", 1), (v) =>
            sample("z", Normal({ loc: tf.log(detach(() => tf.clone(v))), scale: tf.exp(tf.mul(v, 0)) })),
          ),
        undefined,
        { ...descent, params: { v: tf.scalar(0) } },
      ),
    error: { _tag: "InvalidParameter", site: "z", parameter: "loc", found: "-Infinity" },
  },
  {
    planted: "a location that turns NaN in the guide, not in the model",
    run: () => {
      let runs = 0
      return fitSVI(
        failingNever,
        locGuide(() => (++runs < 4 ? 0 : Number.NaN)),
        undefined,
        { ...descent, objective: elbo({ particles: 1 }) },
      )
    },
    // Once for the plates, once for the first values, once a step.
    error: step(3, {
      site: "z",
      inGuide: true,
      parameter: "loc",
      index: [],
      found: "Normal loc must be a finite number, found NaN",
    }),
    says: ['site "z" of the guide, parameter "loc"'],
  },
  {
    planted: "a deterministic site that is NaN, which a later site needs",
    run: () =>
      alone(() =>
        Effect.gen(function* () {
          const w = yield* falling(2)
          const rate = yield* deterministic("rate", tf.log(tf.sub(onesBut(3, 1, w), 0.5)))
          yield* plate("rows", { size: 3 })(observe("x", Normal({ loc: rate, scale: 1 }), ones(3)))
        }),
      ),
    error: step(3, { site: "x", parameter: "loc", index: [1] }),
    says: ['found NaN; before it "rate" is NaN at index [1]'],
  },
  {
    planted: "a positive parameter beyond float32",
    run: () =>
      alone(
        () =>
          Effect.gen(function* () {
            const a = yield* param("a", [1, 1], { support: Support.positive })
            yield* factor("up", tf.mul(tf.sum(tf.mul(tf.log(a), [0, 1])), 1))
            yield* factor("later", tf.sum(tf.mul(a, 1e-38)))
          }),
        { optimizer: Optimizer.sgd(100) },
      ),
    error: step(2, { parameter: "a", index: [1], found: "Infinity" }),
    says: ["step before was too long"],
  },
  ...[
    ["several particles", elbo({ particles: 2 })],
    ["importance weights", iwae(2)],
    ["score functions", scoreFunction()],
    ["enumeration", enumerated()],
  ].map(
    ([name, objective]): Fault => ({
      planted: `a scale of zero, under ${name}`,
      run: () => fitSVI(failing, locGuide(), undefined, { ...descent, objective: objective as never }),
      error: thirdStep,
    }),
  ),
  {
    planted: "a scale of zero, under a guide made for the model",
    run: () => fitSVI(failing, autoNormal(failing), undefined, descent),
    error: thirdStep,
  },
  {
    planted: "a class without a location, of a site that is summed out",
    run: () =>
      fitEM(
        mixture(3, (k) => tf.log(tf.sub(0.5, tf.cast(k, "float32")))),
        emData(),
        { mStep: dies },
      ),
    error: { _tag: "InvalidParameter", site: "x", parameter: "loc" },
  },
  {
    planted: "a component that dies in the M-step",
    run: () => fitEM(mixture(3), emData(), { mStep: dies }),
    error: step(1, { parameter: "probs", index: [0] }),
    says: ["NaN, from the M-step"],
  },
  {
    planted: "a component that dies in an M-step of Monte Carlo EM",
    run: () => fitMonteCarloEM(mixture(3), emData(), { mStep: dies, iterations: 5 }),
    error: step(1, { parameter: "probs", index: [0] }),
    says: ["from the M-step"],
  },
  {
    planted: "a component that dies in an M-step of variational EM",
    run: () =>
      fitVariationalEM(
        mixture(3),
        Effect.fnUntraced(
          function* (_: tf.Tensor) {
            yield* sample("z", Categorical({ logits: yield* param("logits", tf.zeros([3, 2])) }))
          },
          plate("rows", { size: 3 }),
        ),
        emData(),
        { mStep: dies, iterations: 5, optimizer: Optimizer.sgd(0.1) },
      ),
    error: step(1, { parameter: "probs", index: [0] }),
    says: ["from the M-step"],
  },
  {
    planted: "evidence of -Infinity: a row that no component can give",
    run: () => fitEM(mixture(3), tf.tensor1d([0, 1e30, 1]), { mStep: dies }),
    error: step(1, { site: "x", parameter: "log-density", index: [1], found: "-Infinity" }),
  },
  {
    planted: "a fault after a site that one class, but not every one, cannot give",
    run: () => fitEM(halfImpossible, tf.tensor1d([0.5, 2, 0.1]), { mStep: dies }),
    error: step(1, { site: "bad", parameter: "logWeight", found: "NaN" }),
  },
  {
    planted: "a gradient step of an M-step that explodes",
    run: () =>
      fitEM(mixture(3), emData(), { mStep: gradientSteps({ optimizer: Optimizer.sgd(Number.MAX_VALUE) }) }),
    error: step(1, { parameter: "probs" }),
    says: ["from the M-step"],
  },
  {
    planted: "NaN in held-out data of the user's own",
    run: () =>
      fitSVI(located(20), nothing, tf.ones([20]), {
        steps: 2,
        heldOut: { data: own(onesWith(12, 7, Number.NaN)), batchSize: 5 },
      }),
    error: step(1, { what: "an evaluation", site: "x", parameter: "value", index: [2], row: 7 }),
    says: ["an evaluation after step 1", "row 7 of the data"],
  },
  {
    planted: "NaN in data to evaluate",
    run: () => {
      const other = tf.tensor1d([1, 1, Number.NaN, 1])
      return Effect.flatMap(fitSVI(located(4), nothing, tf.ones([4]), { steps: 2 }), (fit) =>
        fit.evaluate(other),
      )
    },
    error: step(2, { what: "an evaluation", site: "x", parameter: "value", index: [2] }),
  },
  {
    planted: "NaN in a factor of the evidence",
    run: () =>
      logEvidence(
        Effect.fnUntraced(
          function* (x: tf.Tensor) {
            const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
            yield* observe("x", Normal({ loc: z, scale: 1 }), x)
            yield* factor("penalty", tf.log(tf.sub(x, 1)))
          },
          plate("rows", { size: 4 }),
        ),
        Effect.fnUntraced(
          function* (_: tf.Tensor) {
            yield* sample("z", Normal({ loc: 0, scale: 1 }))
          },
          plate("rows", { size: 4 }),
        ),
        tf.tensor1d([2, 3, 4, 0.5]),
        { over: "rows", samples: 1, key, batchSize: 2 },
      ),
    error: { _tag: "InvalidArgument" },
    says: [
      "logEvidence: batch 1, member 1",
      'NaN at site "penalty", parameter "logWeight", index [1], row 3 of the data: NaN',
    ],
  },
]

/** As `failing`, which never does. */
const failingNever = () =>
  Effect.gen(function* () {
    const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
    yield* observe("x", Normal({ loc: z, scale: 1 }), 0)
  })

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    for (const { planted, run, ...expected } of faults) {
      it.effect(planted, () =>
        Effect.gen(function* () {
          const { error } = expected
          const fit = run()
          const tensors = tf.memory().numTensors
          if (error === undefined) {
            yield* Effect.scoped(fit)
            return
          }
          const found = (yield* Effect.flip(Effect.scoped(fit))) as Error
          expect(tf.memory().numTensors).toBe(tensors)
          expect(found).toMatchObject(error)
          expect(found.message).not.toMatch(/\n|undefined|\[object/)
          for (const phrase of expected.says ?? []) expect(found.message).toContain(phrase)
        }),
      )
    }
  })
}
