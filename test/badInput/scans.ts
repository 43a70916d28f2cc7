/** Chains whose steps are written once. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  autoNormal,
  Bernoulli,
  condition,
  enumerated,
  fitEM,
  fitSVI,
  gradientSteps,
  Key,
  logEvidence,
  Normal,
  nonCentered,
  Optimizer,
  observe,
  param,
  plate,
  reparam,
  sample,
  scan,
  trace,
} from "../../src/index.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

const key = Key.key(0)
const optimizer = Optimizer.adam(0.1)
const zeros = (length: number) => own(tf.zeros([length]))
const first = () => own(tf.scalar(0))
const stepping = (x: tf.Tensor, next = (z: tf.Tensor) => z, start: tf.Tensor = first()) =>
  scan("time", x, start, (before, now) =>
    Effect.gen(function* () {
      const z = yield* sample("z", Bernoulli({ logits: tf.add(before, yield* param("logit", 0)) }))
      yield* observe("x", Normal({ loc: z, scale: 1 }), now)
      return next(z)
    }),
  )
const stepwise = (x: tf.Tensor) =>
  scan("time", x, first(), (before) =>
    Effect.flatMap(param("slope", 1), (slope) => sample("z", Bernoulli({ logits: tf.mul(before, slope) }))),
  )
const scanned = (x: tf.Tensor, next?: (z: tf.Tensor) => tf.Tensor, start?: tf.Tensor) =>
  trace(stepping(x, next, start), { key })
const walking = (x: tf.Tensor) =>
  scan("time", x, first(), (before, now) =>
    Effect.gen(function* () {
      const z = yield* sample("z", Normal({ loc: before, scale: 1 }))
      yield* observe("x", Normal({ loc: z, scale: 1 }), now)
      return z
    }),
  )
const apart = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    return yield* sample("z", Normal({ loc: 0, scale: 1 }))
  },
  plate("time", { size: 3 }),
)
/** EM of a chain, with what comes after; and with a continuous site in each step. */
const summedOut = <E, R>(after: (z: tf.Tensor) => Effect.Effect<unknown, E, R>, isMixed = false) =>
  fitEM(
    (x: tf.Tensor) =>
      Effect.gen(function* () {
        const z = yield* scan("time", x, first(), (before) =>
          Effect.gen(function* () {
            const z = yield* sample("z", Bernoulli({ logits: tf.add(before, yield* param("logit", 0)) }))
            if (isMixed) yield* sample("w", Normal({ loc: z, scale: 1 }))
            return z
          }),
        )
        return yield* after(z)
      }),
    zeros(3),
    { mStep: gradientSteps({ optimizer }), iterations: 1 },
  )

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("scan", "no steps", () => scanned(zeros(0)), "InvalidArgument", 'scan "time": inputs', "at least one step"),
  fails("scan", "no inputs", () => trace(scan("time", {}, first(), (z) => Effect.succeed(z)), { key }),
    "InvalidArgument", 'scan "time": inputs', "at least one tensor"),
  fails("scan", "inputs that differ in length",
    () => trace(scan("time", { a: zeros(2), b: zeros(3) }, first(), (z) => Effect.succeed(z)), { key }),
    "ShapeMismatch", 'scan "time": inputs', "2 steps", "found 3"),
  fails("scan", "a next state that is computed", () => scanned(zeros(3), (z) => tf.add(z, 1)),
    "InvalidArgument", 'scan "time"', "as they are", "computed"),
  fails("scan", "a state of another structure", () => scanned(zeros(3), (z) => untyped({ z })), "TreeMismatch"),
  fails("scan", "a first state that does not fit", () => scanned(zeros(3), (z) => z, own(tf.zeros([5]))),
    "ShapeMismatch", 'site "z"', "[5]"),
  fails("scan", "a first state that does not fit, and that nothing looks at",
    () => trace(scan("time", zeros(3), own(tf.zeros([5])), () => sample("z", Normal({ loc: 0, scale: 1 }))), { key }),
    "ShapeMismatch", 'scan "time": first', "[1]", "[5]"),
  fails("scan", "a scan within a step",
    () => trace(scan("time", zeros(2), first(), (z) => scan("inner", zeros(2), z, (w) => Effect.succeed(w))), { key }),
    "InvalidArgument", 'scan "inner"', "no scan within", '"time"'),
  fails("scan", "a name that a plate around it has",
    () => trace(stepping(zeros(3)).pipe(plate("time", { size: 1 })), { key }), "PlateError", '"time"'),
  fails("scan", "a value for other steps than it has",
    () => trace(condition(stepping(zeros(3)), { z: [1, 0] }), { key }), "ShapeMismatch", 'site "z"', "3 steps", "[2]"),
  fails("scan", "a site in other coordinates",
    () => trace(reparam(walking(zeros(3)), ["z"], nonCentered()), { key }), "InvalidArgument", 'site "z"', "outside of a scan"),
  fails("scan", "states that are used outside", () => summedOut((z) => observe("after", Normal({ loc: z, scale: 1 }), 0)),
    "ShapeMismatch", 'site "after"'),
  fails("scan", "steps of which some are drawn while others are summed out",
    () => summedOut((z) => Effect.succeed(z), true), "SiteMismatch", "cannot be summed out while they are drawn", '"z"', '"w"'),
  fails("scan", "an automatic guide", () => fitSVI(walking, autoNormal(walking), zeros(3), { optimizer, steps: 1 }),
    "SiteMismatch", "scan", '"z"'),
  fails("scan", "a guide's own, enumerated", () => fitSVI(stepping, stepwise, zeros(3), { objective: enumerated(), optimizer, steps: 1 }),
    "SiteMismatch", "scan", '"z"'),
  fails("logEvidence", "the steps of a scan, one by one",
    () => logEvidence(walking, apart, zeros(3), { over: "time", samples: 2, key }),
    "PlateError", '"time"', "independent", "the steps of a scan"),
]
