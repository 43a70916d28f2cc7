/**
 * The Laplace approximation: in unconstrained coordinates u, a normal distribution at the mode û of the posterior, with
 * the curvature there as its precision (P.-S. de Laplace, 1774; L. Tierney and J. B. Kadane, JASA 81, 1986, section 2):
 *
 *   q(u) = N(û, H⁻¹),  H = −∇² log p(x, û),  log p(x) ≈ log p(x, û) + (n/2) log 2π − ½ log det H.
 *
 * p(x, u) is the joint density with the volume of u ↦ z, so that the mode is that of u: for a positive site, of its
 * logarithm. It is exact where the posterior is normal, and off by a share of 1/N for N observations.
 *
 * ```ts
 * const guide = autoLaplace(model)                        // a point, which `fitSVI` can move to the mode
 * const { params, logEvidence } = yield* guide.approximate(x)
 * const fit = yield* fitSVI(model, autoMultivariateNormal(model), x, { params })       // and from there on
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { Delta } from "../../distributions/Delta.ts"
import type { ProgramError } from "../../effects/errors.ts"
import { atParams, substituted } from "../../effects/handlers/substitute.ts"
import type { Handler } from "../../effects/Interpreter.ts"
import type { LatentName, Param, Params, Rest, Values } from "../../effects/Program.ts"
import { attempt, type Recording } from "../../effects/run.ts"
import type { Backend } from "../../tensor/Backend.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { scoped } from "../../tensor/Memory.ts"
import { type Shape, size, unravelIndex } from "../../tensor/Shape.ts"
import { halfLog2Pi } from "../../tensor/stable.ts"
import * as Tree from "../../tensor/Tree.ts"
import { blame } from "../blame.ts"
import { elbo } from "../Elbo.ts"
import { enumerated } from "../Enumerated.ts"
import { NoMode, type NonFinite } from "../errors.ts"
import { drawSites } from "../predictive.ts"
import { onBatch, pair, synchronous } from "../programs.ts"
import type { ParamTree } from "../svi.ts"
import { autoMultivariateNormal } from "./gaussian.ts"
import { joint } from "./joint.ts"
import { findMode } from "./mode.ts"
import type { AutoGuide, AutoOptions, Drawable, Guided } from "./types.ts"

/** How {@link LaplaceGuide.approximate} finds the mode. */
export interface LaplaceOptions<P> {
  /**
   * Parameters of the model, and of the guide, where the search starts, constrained: those of a fit. All or none: without
   * them each is at its `init`. The model's own stay as they are.
   */
  readonly params?: P
  /** Iterations of L-BFGS at most, from 0 up; default 200. Newton's method follows. */
  readonly iterations?: number
  /** Where the guide starts, if no `params` say so. Default `Key.key(0)`. */
  readonly key?: Key.Key
}

/** A normal approximation of a posterior. Its tensors live until the scope closes. */
export interface LaplaceApproximation<D, E, R, GR> {
  /** `autoMultivariateNormal`'s, of which this is a fit. */
  readonly guide: AutoGuide<D, E, GR>
  /** Of model and guide, constrained: `auto/<site>/loc` is the mode, `auto/scaleTril` the factor of H⁻¹. */
  readonly params: Params<R | GR>
  /** Laplace's estimate of log p(x), at the model's own parameters as they are, in nats. */
  readonly logEvidence: number
  /** `n` draws of every latent site, stacked: `[n, ...site shape]`. */
  readonly posterior: (
    n: number,
    options?: { readonly key?: Key.Key },
  ) => Effect.Effect<Values<GR>, E | ProgramError, Scope.Scope>
}

/** A point for each latent site, and a normal distribution around it. */
export interface LaplaceGuide<D, E, R, K extends string> extends AutoGuide<D, E, Guided<R, K, "loc">> {
  /**
   * The mode from where `params` are, and the approximation there. Takes the whole data, 2n gradients or a few times as
   * many for n unconstrained numbers, and nothing random but the start. Fails with `NoMode` where the joint density has
   * no mode to be found, naming a site; with `NonFinite` where the start has no finite density; as programs fail.
   */
  readonly approximate: (
    data: D,
    options?: LaplaceOptions<Params<R | Guided<R, K, "loc">>>,
  ) => Effect.Effect<
    LaplaceApproximation<D, E, R, Guided<R, K, "loc"> | Param<"auto/scaleTril", tf.Tensor>>,
    E | ProgramError | NoMode | NonFinite,
    Rest<R> | Backend | Scope.Scope
  >
}

/**
 * A point in unconstrained coordinates, with parameters `auto/<site>/loc`, whose ELBO is the log of the joint density:
 * `fitSVI` moves it to the mode, and the model's parameters with it. `approximate` does without, and gives the normal
 * distribution. Discrete latent sites must be `summedOut`, or the model does not compile; `approximate` sums them out
 * exactly.
 */
export const autoLaplace = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: AutoOptions<K> = {},
): LaplaceGuide<D, E, R, K> => {
  const point: AutoGuide<D, E, Guided<R, K, "loc">> = joint(model, options, {
    name: "autoLaplace",
    problem: undefined,
    hasScale: false,
    isWhole: false,
    // A point's density is a constant. At its own draw alone: what comes back from a support has been rounded.
    vector: ({ loc }) => ({ distribution: Delta({ value: loc }).toEvent(1), terms: (u) => tf.zerosLike(u) }),
  })
  const approximate = approximation<D, E, R>(model, point, autoMultivariateNormal(model, options), options)
  return Object.assign((data: D) => point(data), { approximate }) as unknown as LaplaceGuide<D, E, R, K>
}

type Program<D, E> = (data: D) => Effect.Effect<unknown, E, unknown>

const approximation = <D, E, R>(
  model: (data: D) => Effect.Effect<unknown, E, R>,
  point: Program<D, E>,
  normal: Program<D, E>,
  { summedOut = [] }: AutoOptions,
) =>
  Effect.fnUntraced(function* (data: D, options: LaplaceOptions<object> = {}) {
    const { params: given, iterations = 200, key = Key.key(0) } = options
    if (!(Number.isSafeInteger(iterations) && iterations >= 0)) {
      return yield* new InvalidArgument({
        where: "autoLaplace: iterations",
        expected: "a whole number, from 0 up",
        found: String(iterations),
      })
    }
    const context = (yield* Effect.context<Rest<R>>()) as never
    const objective = summedOut.length > 0 ? enumerated() : elbo({ kl: "monteCarlo" })
    const programs = { ...synchronous(model as Program<D, E>, point, context), sumsOut: objective.sumsOut }
    const { fixed, sites, start } = yield* scoped(
      attempt<Start, E>(
        () =>
          tf.tidy(() => {
            const [q, p] = pair(onBatch(programs, data, atParams(given)), key, false, true)
            return startOf(q, p) as never
          }) as Start,
      ),
      ({ fixed }) => Tree.leaves(fixed),
    )

    const lossAt = (locs: ParamTree, handlers: ReadonlyArray<Handler> = []): tf.Tensor => {
      const on = onBatch(programs, data, [substituted({ ...fixed, ...locs }), ...handlers])
      return objective.estimate(on, key, false).loss
    }
    const loss = (u: tf.Tensor) => lossAt(cut(u, sites))
    const found = yield* findMode<E>({
      loss,
      start,
      iterations,
      blame: () =>
        blame(cut(tf.tensor1d(Float32Array.from(start)), sites), (locs, watch) => lossAt(locs, [watch])),
    })
    const { x, value, factor, problem } = found
    if (problem !== undefined)
      return yield* new NoMode({ ...coordinate(problem.at, sites), found: problem.found })

    const n = x.length
    const fitted = yield* scoped(
      Effect.sync(
        () =>
          tf.tidy(() => ({
            ...cut(tf.tensor1d(Float32Array.from(x)), sites),
            "auto/scaleTril": tf.tensor2d(Float32Array.from(factor), [n, n]),
          })) as ParamTree,
      ),
      Tree.leaves,
    )
    const params = { ...fixed, ...fitted }
    const halfLogDet = x.reduce((sum, _, i) => sum + Math.log(factor[i * (n + 1)]!), 0)
    const guide = synchronous(model as Program<D, E>, normal, context).guide
    return {
      guide: normal,
      params,
      logEvidence: n * halfLog2Pi + halfLogDet - value,
      posterior: (samples: number, { key: drawKey = Key.foldInName(key, "posterior") } = {}) =>
        drawSites<object, E, D>(guide, () => data, {
          samples,
          key: drawKey,
          handlers: [substituted(params)],
        }),
    }
  })

/** A site's numbers among all. */
interface Coordinates {
  readonly name: string
  readonly shape: Shape
  readonly start: number
}

interface Start {
  /** The model's own parameters. */
  readonly fixed: ParamTree
  readonly sites: ReadonlyArray<Coordinates>
  readonly start: Float64Array
}

/** Reads the first run. */
const startOf = (guide: Recording, model: Recording): Start => {
  const sites: Array<Coordinates> = []
  const start: Array<number> = []
  for (const name of guide.samples.keys()) {
    const loc = guide.params.get(locOf(name))!.value as tf.Tensor
    sites.push({ name, shape: loc.shape, start: start.length })
    for (const x of loc.dataSync()) start.push(x)
  }
  if (start.length === 0) {
    throw new InvalidArgument({
      where: "autoLaplace",
      expected: "a model with a continuous latent site",
      found: "none",
    })
  }
  const points = new Set(sites.map(({ name }) => locOf(name)))
  const read = [...guide.params.values(), ...model.params.values()].filter(({ name }) => !points.has(name))
  const fixed = Object.fromEntries(read.map(({ name, value }) => [name, Tree.clone(value)]))
  return { fixed, sites, start: Float64Array.from(start) }
}

const locOf = (site: string): string => `auto/${site}/loc`

/** The vector as the guide's parameters. */
const cut = (u: tf.Tensor, sites: ReadonlyArray<Coordinates>): ParamTree =>
  Object.fromEntries(
    sites.map(({ name, shape, start }) => [
      locOf(name),
      tf.reshape(tf.slice(u, [start], [size(shape)]), [...shape]),
    ]),
  )

/** Which number of which site stands at `at`. */
const coordinate = (at: number, sites: ReadonlyArray<Coordinates>) => {
  const { name, shape, start } = sites.findLast(({ start }) => start <= at)!
  return { site: name, index: unravelIndex(at - start, shape) }
}
