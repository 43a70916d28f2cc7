/** Inference: fits, draws, evidence. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Stream } from "effect"
import {
  Bernoulli,
  Dataset,
  elbo,
  factor,
  fitSVI,
  Key,
  LogNormal,
  logEvidence,
  Normal,
  type Optimizer,
  observe,
  param,
  plate,
  predictive,
  Support,
  sample,
  Transform,
  Transformed,
} from "../../src/index.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

const key = Key.key(0)
const count = "a whole number, at least 1"
const rowsOf = (...values: ReadonlyArray<number>) => own(tf.tensor1d([...values]))
const y = () => rowsOf(1, 2, 3, 4)
const standard = Normal({ loc: 0, scale: 1 })
/** A name that the compiler cannot see. */
const named = (name: string): string => name

const model = Effect.fnUntraced(function* (y: tf.Tensor) {
  const loc = yield* sample("loc", standard)
  yield* plate("rows", { size: 4 })(observe("y", Normal({ loc, scale: 1 }), y))
})
const guide = Effect.fnUntraced(function* () {
  yield* sample(
    "loc",
    Normal({ loc: yield* param("at", 0), scale: yield* param("scale", 1, { support: Support.positive }) }),
  )
})
/** The model with a site for each row, and its guide. */
const perRow = Effect.fnUntraced(
  function* (y: tf.Tensor) {
    const z = yield* sample("z", standard)
    yield* observe("y", Normal({ loc: z, scale: 1 }), y)
  },
  plate("rows", { size: 4 }),
)
const perRowGuide = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    yield* sample("z", Normal({ loc: yield* param("at", 0), scale: 1 }))
  },
  plate("rows", { size: 4 }),
)

const fitted = (options: object) => fitSVI(model, guide, y(), { steps: 2, ...options })
const guided = (guide: () => Effect.Effect<unknown, never, never>, options = {}) =>
  fitSVI(model, untyped(guide), y(), { steps: 2, ...options })
const evidence = (options: object) =>
  logEvidence(perRow, perRowGuide, y(), { over: "rows", samples: 2, key, ...options })

export const rows: ReadonlyArray<Row> = [
  fails(
    "fitSVI",
    "steps and epochs",
    () => fitted({ epochs: 2 }),
    "InvalidArgument",
    "fitSVI: steps, epochs",
    "one of the two",
    "steps 2 and epochs 2",
  ),
  fails("fitSVI", "no steps", () => fitted({ steps: 0 }), "InvalidArgument", "fitSVI: steps", count, "0"),
  fails(
    "fitSVI",
    "half a step",
    () => fitted({ steps: 1.5 }),
    "InvalidArgument",
    "fitSVI: steps",
    count,
    "1.5",
  ),
  fails(
    "fitSVI",
    "NaN as epochs",
    () => fitted({ steps: undefined, epochs: Number.NaN }),
    "InvalidArgument",
    "fitSVI: epochs",
    count,
    "NaN",
  ),
  fails(
    "fitSVI",
    "a batch of none",
    () => fitted({ batchSize: 0 }),
    "InvalidArgument",
    "batchSize",
    "from 1 to the data set's 4 rows",
    "0",
  ),
  fails(
    "fitSVI",
    "a batch larger than the data",
    () => fitted({ batchSize: 5 }),
    "InvalidArgument",
    "batchSize",
    "from 1 to the data set's 4 rows",
    "5",
  ),
  fails(
    "fitSVI",
    "no patience",
    () => fitted({ earlyStopping: { patience: 0 } }),
    "InvalidArgument",
    "fitSVI: earlyStopping.patience",
    count,
    "0",
  ),
  fails(
    "fitSVI",
    "a negative minDelta",
    () => fitted({ earlyStopping: { patience: 1, minDelta: -1 } }),
    "InvalidArgument",
    "fitSVI: earlyStopping.minDelta",
    "at least 0",
    "-1",
  ),
  fails(
    "fitSVI",
    "held-out data every 0 epochs",
    () => fitted({ heldOut: { data: y(), every: 0 } }),
    "InvalidArgument",
    "fitSVI: heldOut.every",
    count,
    "0",
  ),
  fails(
    "fitSVI",
    "held-out batches larger than the data",
    () => fitted({ heldOut: { data: y(), batchSize: 9 } }),
    "InvalidArgument",
    "heldOut",
    "from 1 to the data set's 4 rows",
    "9",
  ),
  fails(
    "fitSVI",
    "held-out data of another kind",
    () => fitted({ heldOut: { data: own(tf.zeros([4, 2])) } }),
    "ShapeMismatch",
    'site "y"',
    "[4]",
    "[4, 2]",
  ),
  fails(
    "fitSVI",
    "a policy that there is not",
    () => fitted({ nonFinite: "ignore" }),
    "InvalidArgument",
    "fitSVI: nonFinite",
    '"fail" or "skip"',
    "ignore",
  ),
  fails(
    "fitSVI",
    "first values of an unknown parameter",
    () => fitted({ params: { att: own(tf.scalar(1)) } }),
    "UnknownSite",
    "fitSVI: params",
    '"att"',
    '"at"',
  ),
  fails(
    "fitSVI",
    "a first value outside its support",
    () => fitted({ params: { scale: own(tf.scalar(-1)) } }),
    "InvalidParameter",
    'param "scale"',
    "positive",
    "-1",
  ),
  fails(
    "fitSVI",
    "NaN as a first value",
    () => fitted({ params: { at: own(tf.scalar(Number.NaN)) } }),
    "InvalidParameter",
    'param "at"',
    "NaN",
  ),
  fails(
    "fitSVI elbo",
    "no particles",
    () => fitted({ objective: elbo({ particles: 0 }) }),
    "InvalidArgument",
    "elbo",
    "a whole number of particles, at least 1",
    "0",
  ),
  fails(
    "fitSVI elbo",
    "a kind of KL term that there is not",
    () => fitted({ objective: elbo({ kl: untyped("exact") }) }),
    "InvalidArgument",
    "elbo",
    '"auto", "analytic" or "monteCarlo"',
    "exact",
  ),
  fails(
    "fitSVI elbo",
    "a closed form where there is none",
    () =>
      fitSVI(
        Effect.fnUntraced(function* (_: number) {
          yield* sample("s", LogNormal({ loc: 0, scale: 1 }))
        }),
        Effect.fnUntraced(function* () {
          yield* sample(
            "s",
            Transformed(Normal({ loc: yield* param("at", 0), scale: 1 }), Transform.softplus),
          )
        }),
        0,
        { steps: 1, objective: elbo({ kl: "analytic" }) },
      ),
    "NoClosedForm",
    '"s"',
    "Transformed",
    "LogNormal",
    "Monte Carlo",
  ),

  fails(
    "fitSVI",
    "NaN in a tensor",
    () => fitSVI(model, guide, rowsOf(1, Number.NaN, 3, 4), { steps: 2 }),
    "OutsideSupport",
    'site "y"',
    "NaN",
    "index [1]",
  ),
  fails(
    "fitSVI",
    "NaN in a tensor, for minibatches",
    () => fitSVI(model, guide, rowsOf(1, 2, Number.NaN, 4), { steps: 2, batchSize: 2 }),
    "DataError",
    "row 2",
    "a finite number",
    "NaN",
  ),
  fails(
    "fitSVI",
    "a tensor without rows",
    () => fitSVI(model, guide, own(tf.zeros([0])), { steps: 2 }),
    "ShapeMismatch",
    'site "y"',
    "[4]",
    "[0]",
  ),
  fails(
    "fitSVI",
    "a tensor without rows, for minibatches",
    () => fitSVI(model, guide, own(tf.zeros([0])), { steps: 2, batchSize: 1 }),
    "DataError",
    "data, shape",
    "at least 1",
    "[0]",
  ),
  fails(
    "fitSVI",
    "a tensor that is disposed",
    () => {
      const gone = y()
      gone.dispose()
      return fitSVI(model, guide, gone, { steps: 2 })
    },
    "InvalidArgument",
    'site "y"',
    "disposed",
  ),
  fails(
    "fitSVI",
    "data of one's own without rows",
    () => fitSVI(model, guide, { size: 0, take: () => y() }, { steps: 2 }),
    "InvalidArgument",
    "at least one row",
    "0",
  ),
  fails(
    "fitSVI Dataset.map",
    "data whose mapping throws",
    () =>
      Effect.flatMap(Dataset.fromTensors(y()), (data) =>
        fitSVI(
          model,
          guide,
          Dataset.map(data, (): tf.Tensor => {
            throw new Error("no such column")
          }),
          { steps: 2 },
        ),
      ),
    "ProgramThrew",
    "no such column",
  ),
  fails(
    "fitSVI",
    "minibatches of data that no plate declares",
    () =>
      fitSVI(
        Effect.fnUntraced(function* (y: tf.Tensor) {
          const loc = yield* sample("loc", standard)
          yield* observe("y", Normal({ loc: tf.mul(loc, tf.onesLike(y)), scale: 1 }).toEvent(1), y)
        }),
        untyped(guide),
        y(),
        { steps: 2, batchSize: 2 },
      ),
    "PlateError",
    "an observed site in a plate of size 4",
    "batches hold 2",
    "no plate",
  ),
  fails(
    "fitSVI",
    "minibatches under a plate of another size",
    () =>
      fitSVI(
        Effect.fnUntraced(
          function* (y: tf.Tensor) {
            const loc = yield* sample("loc", standard)
            yield* observe("y", Normal({ loc, scale: 1 }), y)
          },
          plate("rows", { size: 9 }),
        ),
        untyped(
          Effect.fnUntraced(
            function* (_: tf.Tensor) {
              yield* sample("loc", Normal({ loc: yield* param("at", 0), scale: 1 }))
            },
            plate("rows", { size: 9 }),
          ),
        ),
        y(),
        { steps: 2, batchSize: 2 },
      ),
    "PlateError",
    'plate "rows"',
    "size 4",
    "sizes 9",
  ),

  fails(
    "fitSVI",
    "a guide without a site",
    () => guided(untyped(() => param("at", 0))),
    "SiteMismatch",
    "guide lacks latent sites of the model",
    '"loc"',
  ),
  fails(
    "fitSVI",
    "a guide with a site too many",
    () => guided(untyped(() => Effect.andThen(guide(), sample(named("extra"), standard)))),
    "SiteMismatch",
    "that the model does not have",
    '"extra"',
  ),
  fails(
    "fitSVI",
    "a guide that observes",
    () => guided(untyped(() => Effect.andThen(guide(), observe("seen", standard, 1)))),
    "SiteMismatch",
    "a guide cannot observe",
    '"seen"',
  ),
  fails(
    "fitSVI",
    "a guide with a factor",
    () => guided(untyped(() => Effect.andThen(guide(), factor("weight", 1)))),
    "SiteMismatch",
    "a guide cannot observe",
    '"weight"',
  ),
  fails(
    "fitSVI",
    "a guide on another support",
    () =>
      guided(untyped(() => Effect.andThen(param("at", 0), sample("loc", LogNormal({ loc: 0, scale: 1 }))))),
    "SiteMismatch",
    "disagree on the support",
    '"loc"',
  ),
  fails(
    "fitSVI",
    "a guide whose draw has no gradient",
    () =>
      fitSVI(
        Effect.fnUntraced(function* (_: number) {
          yield* sample(named("coin"), Bernoulli({ probs: 0.5 }))
        }),
        Effect.fnUntraced(function* () {
          yield* sample(named("coin"), Bernoulli({ logits: yield* param("at", 0) }))
        }),
        0,
        { steps: 1 },
      ),
    "SiteMismatch",
    "pathwise",
    '"coin"',
  ),
  fails(
    "fitSVI",
    "a guide's site of another shape",
    () => guided(untyped(() => sample("loc", Normal({ loc: [0, 0], scale: 1 }).toEvent(1)))),
    "ShapeMismatch",
    'site "loc"',
    "[]",
    "[2]",
  ),
  fails(
    "fitSVI",
    "no parameter to fit",
    () => guided(untyped(() => sample("loc", standard))),
    "InvalidArgument",
    "fitSVI",
    "at least one parameter",
    "nothing to fit",
  ),
  fails(
    "fitSVI",
    "a parameter shared and of another shape",
    () =>
      fitSVI(
        (_: number) => param("w", [1, 2]),
        () => param("w", [1, 2, 3]),
        0,
        { steps: 1 },
      ),
    "ShapeMismatch",
    '"w"',
    "[3]",
    "[2]",
  ),
  fails(
    "fitSVI",
    "a parameter shared and on another support",
    () =>
      fitSVI(
        (_: number) => param("w", 1),
        () => param("w", 1, { support: Support.positive }),
        0,
        { steps: 1 },
      ),
    "SiteMismatch",
    "disagree on the support of parameter",
    '"w"',
  ),
  fails(
    "fitSVI",
    "a parameter on a discrete support",
    () =>
      fitSVI(
        (_: number) => param("w", 1, { support: untyped(Support.boolean) }),
        () => Effect.void,
        0,
        { steps: 1 },
      ),
    "InvalidArgument",
    "w",
    "a continuous support",
    "boolean",
  ),
  fails(
    "fitSVI",
    "a parameter that shows up later",
    () => {
      let runs = 0
      return fitSVI(
        Effect.fnUntraced(function* (_: number) {
          yield* param("w", 1)
          if (runs++ > 0) yield* param("late", 1)
        }),
        () => Effect.void,
        0,
        { steps: 2 },
      )
    },
    "MissingParam",
    '"late"',
    "given are w",
  ),
  fails(
    "fitSVI",
    "a site in the model twice",
    () =>
      fitSVI(
        untyped((y: tf.Tensor) => Effect.andThen(model(y), model(y))),
        untyped(guide),
        y(),
        { steps: 2 },
      ),
    "DuplicateSite",
    '"loc"',
  ),
  fails(
    "fitSVI",
    "a model that sleeps",
    () => fitSVI((y: tf.Tensor) => Effect.andThen(Effect.sleep(1), model(y)), guide, y(), { steps: 2 }),
    "ProgramSuspended",
    "before its first site",
    "synchronously",
  ),
  fails(
    "fitSVI",
    "a guide that throws",
    () =>
      guided(
        untyped(() =>
          Effect.andThen(
            guide(),
            Effect.sync(() => {
              throw new Error("out of cheese")
            }),
          ),
        ),
      ),
    "ProgramThrew",
    'after site "loc"',
    "out of cheese",
  ),
  fails(
    "fitSVI",
    "a model that throws before it is a program",
    () =>
      fitSVI(
        untyped(() => {
          throw new Error("no model today")
        }),
        untyped(guide),
        y(),
        { steps: 2 },
      ),
    "ProgramThrew",
    "before its first site",
    "no model today",
  ),
  fails(
    "fitSVI",
    "a model that is no program",
    () =>
      fitSVI(
        untyped(() => 3),
        untyped(guide),
        y(),
        { steps: 2 },
      ),
    "ProgramThrew",
    "before its first site",
    "an Effect",
  ),
  fails(
    "fitSVI",
    "a density that turns NaN",
    () =>
      fitSVI(
        (_: number) => Effect.flatMap(param("w", 1), (w) => factor("f", tf.log(w))),
        () => Effect.void,
        0,
        {
          steps: 200,
          optimizer: {
            init: () => ({ count: 0, slots: {} }),
            update: (grads) => ({
              updates: { w: tf.mul(-1, (grads as { w: tf.Tensor }).w) },
              state: { count: 0, slots: {} },
            }),
          } satisfies Optimizer.Optimizer,
        },
      ),
    "NonFinite",
    "step 2",
    'site "f"',
    "logWeight",
  ),
  fails(
    "fitSVI",
    "a scale that turns negative",
    () =>
      fitSVI(
        (_: number) => Effect.flatMap(param("w", 0.5), (w) => observe("y", Normal({ loc: 0, scale: w }), 0)),
        () => Effect.void,
        0,
        {
          steps: 200,
          optimizer: {
            init: () => ({ count: 0, slots: {} }),
            update: () => ({ updates: { w: tf.scalar(-1) }, state: { count: 0, slots: {} } }),
          } satisfies Optimizer.Optimizer,
        },
      ),
    "NonFinite",
    "step 2",
    'site "y"',
    '"scale"',
    "-0.5",
  ),
  fails(
    "fitSVI.stream",
    "no steps",
    () => Stream.runDrain(fitSVI.stream(model, guide, y(), { steps: 0 })),
    "InvalidArgument",
    "fitSVI: steps",
    count,
    "0",
  ),
  fails(
    "fitSVI.stream",
    "a guide without a site",
    () =>
      Stream.runDrain(
        fitSVI.stream(
          model,
          untyped(() => param("at", 0)),
          y(),
          { steps: 2 },
        ),
      ),
    "SiteMismatch",
    "lacks",
    '"loc"',
  ),
  fails(
    "fitSVI",
    "no draws of its posterior",
    () => Effect.flatMap(fitted({}), (fit) => fit.posterior(0)),
    "InvalidArgument",
    "samples",
    count,
    "0",
  ),
  fails(
    "fitSVI",
    "other data to evaluate, of another kind",
    () => Effect.flatMap(fitted({}), (fit) => fit.evaluate(own(tf.zeros([4, 2])))),
    "ShapeMismatch",
    'site "y"',
    "[4]",
    "[4, 2]",
  ),
  fails(
    "fitSVI",
    "batches to evaluate larger than the data",
    () => Effect.flatMap(fitted({}), (fit) => fit.evaluate(y(), { batchSize: 7 })),
    "InvalidArgument",
    "batchSize",
    "4 rows",
    "7",
  ),

  fails(
    "predictive",
    "no draws",
    () => predictive(model, y(), { samples: 0, key }),
    "InvalidArgument",
    "predictive",
    count,
    "0",
  ),
  fails(
    "predictive",
    "NaN draws",
    () => predictive(model, y(), { samples: Number.NaN, key }),
    "InvalidArgument",
    "predictive",
    count,
    "NaN",
  ),
  fails(
    "predictive",
    "a guide without a site",
    () => predictive(model, y(), { samples: 1, key, guide: untyped(() => param("at", 0)) }),
    "SiteMismatch",
    "lacks",
    '"loc"',
  ),
  fails(
    "predictive",
    "parameters without one that is read",
    () => predictive(model, y(), { samples: 1, key, guide, params: untyped({ at: own(tf.scalar(0)) }) }),
    "MissingParam",
    '"scale"',
    "given are at",
  ),
  fails(
    "predictive",
    "sites whose shapes change from draw to draw",
    () => {
      let runs = 0
      return predictive((_: number) => sample("z", Normal.standard([++runs])), 0, { samples: 2, key })
    },
    "ShapeMismatch",
    "predictive",
    '"z"',
    "[1]",
    "[2]",
  ),
  fails(
    "logEvidence",
    "no draws",
    () => evidence({ samples: 0 }),
    "InvalidArgument",
    "logEvidence: samples",
    count,
    "0",
  ),
  fails(
    "logEvidence",
    "an unknown plate",
    () => evidence({ over: "images" }),
    "PlateError",
    'plate "images"',
    "every site inside it",
    '"z" outside',
  ),
  fails(
    "logEvidence",
    "a site outside the plate",
    () => logEvidence(model, guide, y(), { over: "rows", samples: 2, key }),
    "PlateError",
    'plate "rows"',
    'site "loc" outside',
  ),
  fails(
    "logEvidence",
    "batches larger than the data",
    () => evidence({ batchSize: 5 }),
    "InvalidArgument",
    "batchSize",
    "4 rows",
    "5",
  ),
  fails(
    "logEvidence",
    "NaN in the data",
    () => logEvidence(perRow, perRowGuide, rowsOf(1, 2, Number.NaN, 4), { over: "rows", samples: 2, key }),
    "OutsideSupport",
    'site "y"',
    "NaN",
    "index [2]",
  ),
  fails(
    "logEvidence",
    "a guide without a site",
    () =>
      logEvidence(
        perRow,
        untyped((_: tf.Tensor) => param("at", 0)),
        y(),
        { over: "rows", samples: 2, key },
      ),
    "SiteMismatch",
    "lacks",
    '"z"',
  ),
  fails(
    "logEvidence",
    "parameters without one that is read",
    () => evidence({ params: {} }),
    "MissingParam",
    '"at"',
    "none are given",
  ),
]
