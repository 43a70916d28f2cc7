/**
 * What EM, variational EM, Monte Carlo EM and stochastic variational inference make of data and guides that cannot be fitted
 * as they are: a repair that is reported, or a typed failure that names what is at fault; and no tensor left behind.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import {
  alternate,
  apply,
  Backend,
  Bernoulli,
  branch,
  Categorical,
  type Conjugate,
  closedForm,
  condition,
  conjugate,
  Dataset,
  dense,
  enumerated,
  FactorAnalysis,
  factor,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  GaussianMixture,
  gradientSteps,
  HiddenMarkov,
  Key,
  mlp,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Support,
  sample,
} from "../../src/index.ts"

type Rows = ReadonlyArray<ReadonlyArray<number>>
type Refusal = { readonly _tag: string; readonly message: string }
type Fit<A> = Effect.Effect<A, Refusal, Backend | Scope.Scope>

const key = Key.key(0)
const optimizer = Optimizer.adam(0.1)
const iterations = 4
const kinds = ["full", "tied", "diagonal", "spherical"] as const
const methods = ["fitEM", "fitVariationalEM", "fitMonteCarloEM", "fitSVI"] as const
type Method = (typeof methods)[number]

/** A tensor until the scope closes. */
const own = (make: () => tf.Tensor) =>
  Effect.acquireRelease(
    Effect.sync(() => tf.tidy(make)),
    (tensor) => Effect.sync(() => tensor.dispose()),
  )
const rows = (values: Rows) => own(() => tf.tensor2d(values.map((row) => [...row])))
const column = (...values: ReadonlyArray<number>) => own(() => tf.tensor1d([...values]))
const number = (value: number) => own(() => tf.scalar(value))

/** A mixture fitted by any of the four, from parameters or from where its model starts. */
const fitted = Effect.fnUntraced(function* (
  method: Method,
  mixture: GaussianMixture.GaussianMixture,
  x: tf.Tensor,
  params: Partial<GaussianMixture.GaussianMixtureParams> = {},
): Effect.fn.Return<
  { readonly params: GaussianMixture.GaussianMixtureParams; readonly bound: number },
  Refusal,
  Backend | Scope.Scope
> {
  // The floor is added to variances, so that an M-step does not quite maximize.
  const mStep = closedForm(mixture.maximize, { isMonotone: false })
  const options = { mStep, iterations, params }
  switch (method) {
    case "fitEM":
      return yield* fitEM(mixture.model, x, options)
    case "fitVariationalEM":
      return yield* fitVariationalEM(mixture.model, mixture.freeGuide, x, { ...options, optimizer })
    case "fitMonteCarloEM": {
      const fit = yield* fitMonteCarloEM(mixture.model, x, options)
      return { params: fit.params, bound: fit.logJoint }
    }
    case "fitSVI": {
      const objective = enumerated()
      const fit = yield* fitSVI(mixture.model, mixture.guide, x, {
        params,
        objective,
        optimizer,
        steps: iterations,
      })
      const { weights, loc, scale } = fit.params
      return { params: { weights, loc, scale }, bound: fit.elbo }
    }
  }
})

/** A coin "z", and a number "x" at it; with all that may go wrong put in by hand. */
const tossing = (weight?: number) =>
  Effect.fnUntraced(function* (x: tf.Tensor) {
    const scale = yield* param("scale", 1, { support: Support.positive })
    const z = yield* sample("z", Bernoulli({ probs: 0.5 }))
    if (weight !== undefined) yield* factor("f", tf.mul(scale, weight))
    yield* observe("x", Normal({ loc: z, scale }), x)
  })

/** A label "c" of one of three classes, by a coin "z". */
const labeling = Effect.fnUntraced(function* (c: tf.Tensor) {
  const logits = yield* param("logits", [0.1, 0.2, 0.3])
  const z = yield* sample("z", Bernoulli({ probs: 0.5 }))
  yield* observe("c", Categorical({ logits: tf.mul(tf.expandDims(z, -1), logits) }), c)
})

const coin = Effect.fnUntraced(function* (_: tf.Tensor) {
  yield* sample("z", Bernoulli({ logits: yield* param("logit", 0) }))
})

/** Any of the four on a model of a coin; the M-step sets the scale, or leaves everything as it is. */
const tossed = (
  method: Method,
  model: ReturnType<typeof tossing> | typeof labeling,
  x: tf.Tensor,
  scale?: number,
): Fit<unknown> => {
  const mStep = closedForm<tf.Tensor>(() => (scale === undefined ? {} : { scale: tf.scalar(scale) }))
  const given = model as typeof labeling
  switch (method) {
    case "fitEM":
      return fitEM(given, x, { mStep, iterations })
    case "fitVariationalEM":
      return fitVariationalEM(given, coin, x, { mStep, optimizer, iterations, steps: 2 })
    case "fitMonteCarloEM":
      return fitMonteCarloEM(given, x, { mStep, iterations })
    case "fitSVI":
      return fitSVI(given, coin, x, { objective: enumerated(), optimizer, steps: iterations })
  }
}

/** The fit fails with this error, whose message says this. */
const refused = Effect.fnUntraced(function* <A>(
  fit: Fit<A>,
  tag: string,
  ...says: ReadonlyArray<string>
): Effect.fn.Return<void, A, Backend | Scope.Scope> {
  const error = yield* Effect.flip(fit)
  expect(error._tag, error.message).toBe(tag)
  for (const part of says) expect(error.message).toContain(part)
})

const allFinite = (tensor: tf.Tensor) => tensor.dataSync().every(Number.isFinite)

for (const backend of ["cpu", "wasm"] as const) {
  layer(backend === "cpu" ? Backend.cpu() : Backend.wasm())(`on ${backend}`, (it) => {
    /** A test that leaves as many tensors as it found. */
    const test = (name: string, body: () => Effect.Effect<void, unknown, Backend | Scope.Scope>) =>
      it.effect(name, () =>
        Effect.gen(function* () {
          const before = tf.engine().state.numTensors
          yield* Effect.scoped(body())
          expect(tf.engine().state.numTensors, "tensors alive").toBe(before)
        }),
      )
    const each = (
      what: string,
      body: (method: Method) => Effect.Effect<void, unknown, Backend | Scope.Scope>,
      among: ReadonlyArray<Method> = methods,
    ) => {
      for (const method of among) test(`${method}: ${what}`, () => body(method))
    }

    describe("components that die", () => {
      const clump: Rows = [
        [0, 0],
        [1, 0.5],
        [0.5, 1],
        [1, 1],
      ]
      const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 4, floor: 1e-4 })
      const start = Effect.fnUntraced(function* (weights: ReadonlyArray<number>, far: number) {
        return {
          weights: yield* column(...weights),
          loc: yield* rows([
            [0.5, 0.5],
            [far, far],
          ]),
          scale: yield* own(() => tf.stack([tf.eye(2), tf.eye(2)])),
        }
      })

      each(
        "one that is far from all there is gets no weight, and is reported",
        Effect.fnUntraced(function* (method) {
          const found = yield* fitted(method, mixture, yield* rows(clump), yield* start([0.5, 0.5], 40))
          expect(Number.isFinite(found.bound)).toBe(true)
          const problems = yield* mixture.diagnose(found.params)
          expect(problems.map(({ component, problem }) => [component, problem])).toEqual([[1, "empty"]])
          expect(yield* mixture.predict(found.params, yield* rows(clump)).pipe(Effect.map(allFinite))).toBe(
            true,
          )
        }),
        ["fitEM", "fitMonteCarloEM"],
      )

      each(
        "one that is dead from the start stays so, and is reported",
        Effect.fnUntraced(function* (method) {
          // A gradient step leaves no weight at 0: where it stands the bound of a guide is −∞.
          const weights = method === "fitSVI" ? [1 - 1e-6, 1e-6] : [1, 0]
          const found = yield* fitted(method, mixture, yield* rows(clump), yield* start(weights, 2))
          expect(Number.isFinite(found.bound)).toBe(true)
          const problems = yield* mixture.diagnose(found.params)
          expect(problems.map(({ component, problem }) => [component, problem])).toEqual([[1, "empty"]])
        }),
        ["fitEM", "fitMonteCarloEM", "fitSVI"],
      )

      each(
        "a guide that believes in a dead one has no bound, and says why",
        Effect.fnUntraced(function* (method) {
          const fit = fitted(method, mixture, yield* rows(clump), yield* start([1, 0], 2))
          yield* refused(fit, "NonFinite", "step 1", 'site "z"', "value 1 has probability 0")
        }),
        ["fitVariationalEM"],
      )
    })

    describe("one observation", () => {
      each(
        "gives a mixture of it alone",
        Effect.fnUntraced(function* (method) {
          for (const covariance of kinds) {
            const mixture = GaussianMixture.make({
              components: 2,
              dimensions: 2,
              size: 1,
              covariance,
              floor: 1e-2,
            })
            const x = yield* rows([[3, 4]])
            const params = yield* mixture.initialize(x, { responsibilities: yield* rows([[0.6, 0.4]]) })
            const found = yield* fitted(method, mixture, x, params)
            expect(Number.isFinite(found.bound), covariance).toBe(true)
            expect(Object.values(found.params).every(allFinite), covariance).toBe(true)
            if (method === "fitSVI") continue
            // Each of the two: what is left alive lies on the point, and is reported.
            const problems = yield* mixture.diagnose(found.params)
            expect(
              problems.map(({ component }) => component),
              covariance,
            ).toEqual([0, 1])
          }
        }),
      )

      test("picking two of it is refused", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 1 })
          const x = yield* rows([[3, 4]])
          for (const method of ["random", "k-means++", "k-means"] as const) {
            yield* refused(
              mixture.initialize(x, { method, key }),
              "InvalidArgument",
              "at least 2 observations",
              "found 1",
            )
          }
        }))

      for (const noise of ["diagonal", "isotropic"] as const) {
        test(`factor analysis, ${noise}: the noise is the floor, and no bound falls`, () =>
          Effect.gen(function* () {
            const factors = FactorAnalysis.make({ inputs: 3, latent: 1, size: 1, noise })
            const x = yield* rows([[3, 4, 5]])
            const params = yield* Effect.acquireRelease(
              Effect.sync(() => factors.initialize(x)),
              (made) => Effect.sync(() => tf.dispose(made)),
            )
            const fit = yield* alternate(factors.model, x, conjugate(factors), { params })
            for (const scale of fit.params.scale.dataSync()) expect(scale).toBeCloseTo(1e-3, 6)
            // Three variances of 1e-6, at their mean.
            expect(fit.bound).toBeCloseTo(-1.5 * (Math.log(2 * Math.PI) + Math.log(1e-6)), 2)
          }))
      }

      test("a hidden Markov model of one state seen once", () =>
        Effect.gen(function* () {
          const chain = HiddenMarkov.make({ states: 2, size: 1 })
          const params = { loc: yield* column(0, 2) }
          const fit = yield* fitEM(
            chain.model,
            { x: yield* rows([[3]]) },
            { mStep: closedForm(chain.maximize), params },
          )
          expect(Number.isFinite(fit.bound)).toBe(true)
          for (const loc of fit.params.loc.dataSync()) expect(loc).toBeCloseTo(3, 5)
          // There is no transition to learn from.
          expect(Array.from(fit.params.transition.dataSync())).toEqual([0.5, 0.5, 0.5, 0.5])
        }))
    })

    describe("constant columns", () => {
      const constant: Rows = [
        [1, 0.1],
        [2, 0.1],
        [4, 0.1],
        [8, 0.1],
        [16, 0.1],
        [17, 0.1],
      ]
      each(
        "the floor is their variance, and every component is reported",
        Effect.fnUntraced(function* (method) {
          for (const covariance of ["full", "tied", "diagonal"] as const) {
            const mixture = GaussianMixture.make({
              components: 2,
              dimensions: 2,
              size: 6,
              covariance,
              floor: 1e-2,
            })
            const x = yield* rows(constant)
            const params = yield* mixture.initialize(x, { method: "k-means++", key })
            const found = yield* fitted(method, mixture, x, params)
            expect(Number.isFinite(found.bound), covariance).toBe(true)
            expect(Object.values(found.params).every(allFinite), covariance).toBe(true)
            if (method === "fitSVI") continue
            const problems = yield* mixture.diagnose(found.params)
            expect(
              problems.map(({ problem }) => problem),
              covariance,
            ).toEqual(["collapsed", "collapsed"])
          }
        }),
      )

      test("without a floor no start is found", () =>
        Effect.gen(function* () {
          const x = yield* rows(constant)
          const share = yield* own(() => tf.fill([6, 2], 0.5))
          for (const covariance of ["full", "tied", "diagonal"] as const) {
            const mixture = GaussianMixture.make({
              components: 2,
              dimensions: 2,
              size: 6,
              covariance,
              floor: 0,
            })
            for (const how of [
              ...(["random", "k-means++", "k-means"] as const).map((method) => ({ method, key })),
              { responsibilities: share },
            ]) {
              yield* refused(
                mixture.initialize(x, how),
                "InvalidArgument",
                "vary in every direction",
                "floor 0",
              )
            }
          }
        }))

      test("factor analysis: the noise is the floor, and no bound falls", () =>
        Effect.gen(function* () {
          const factors = FactorAnalysis.make({ inputs: 2, latent: 1, size: 6, floor: 1e-4 })
          const x = yield* rows(constant)
          const params = yield* Effect.acquireRelease(
            Effect.sync(() => factors.initialize(x)),
            (made) => Effect.sync(() => tf.dispose(made)),
          )
          const fit = yield* alternate(factors.model, x, conjugate(factors), { params })
          expect(Array.from(fit.params.scale.dataSync())[1]).toBeCloseTo(1e-2, 5)
        }))
    })

    describe("NaN rows", () => {
      const holed: Rows = [
        [1, 2],
        [Number.NaN, 3],
        [4, 5],
      ]
      each(
        "are refused, and named",
        Effect.fnUntraced(function* (method) {
          const mixture = GaussianMixture.make({
            components: 2,
            dimensions: 2,
            size: 3,
            covariance: "diagonal",
          })
          // The encoder of fitSVI's guide reads them first.
          const [tag, site] = method === "fitSVI" ? ["InvalidParameter", "z"] : ["OutsideSupport", "x"]
          yield* refused(
            fitted(method, mixture, yield* rows(holed)),
            tag!,
            `site "${site}"`,
            "NaN",
            "index [1",
          )
        }),
      )

      test("fitSVI in minibatches, or with a weight of 0", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 3 })
          const x = yield* rows(holed)
          const options = { objective: enumerated(), steps: 2, batchSize: 1 }
          yield* refused(
            fitSVI(mixture.model, mixture.guide, x, options),
            "DataError",
            "row 1, column 0",
            "NaN",
          )
          const weighted = { x, weights: yield* column(1, 0, 1) }
          const fit = fitEM(mixture.weighted, weighted, { mStep: closedForm(mixture.maximize) })
          yield* refused(fit, "OutsideSupport", 'site "x"', "NaN", "[1")
        }))

      test("are refused by every way to start, and by every question", () =>
        Effect.gen(function* () {
          const x = yield* rows(holed)
          const share = yield* own(() => tf.fill([3, 2], 0.5))
          for (const covariance of kinds) {
            const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 3, covariance })
            const good = yield* rows([
              [1, 2],
              [0, 3],
              [4, 5],
            ])
            const params = yield* mixture.initialize(good, { method: "random", key })
            for (const ask of [
              ...(["random", "k-means++", "k-means"] as const).map((method) =>
                mixture.initialize(x, { method, key }),
              ),
              mixture.initialize(x, { responsibilities: share }),
              mixture.initialize(x, { params }),
              mixture.predict(params, x),
              mixture.predictProba(params, x),
              mixture.scoreSamples(params, x),
              mixture.aic(params, x),
              mixture.bic(params, x),
            ] as ReadonlyArray<Fit<unknown>>) {
              yield* refused(ask, "OutsideSupport", "GaussianMixture.", "observations", "NaN", "index [1, 0]")
            }
          }
        }))

      test("of sequences are refused unless they are masked", () =>
        Effect.gen(function* () {
          const chain = HiddenMarkov.make({ states: 2, size: 2 })
          const x = yield* rows([
            [1, Number.NaN, 2],
            [1, 2, 3],
          ])
          const options = {
            mStep: closedForm(chain.maximize),
            iterations: 2,
            params: { loc: yield* column(1, 2) },
          }
          yield* refused(fitEM(chain.model, { x }, options), "OutsideSupport", 'site "x', "NaN")
          const mask = yield* rows([
            [1, 0, 1],
            [1, 1, 1],
          ])
          expect(Number.isFinite((yield* fitEM(chain.model, { x, mask }, options)).bound)).toBe(true)
        }))
    })

    describe("more components than points", () => {
      each(
        "share them, and those left over are reported",
        Effect.fnUntraced(function* (method) {
          for (const covariance of ["full", "spherical"] as const) {
            const mixture = GaussianMixture.make({
              components: 3,
              dimensions: 2,
              size: 2,
              covariance,
              floor: 1e-2,
            })
            const x = yield* rows([
              [0, 0],
              [4, 4],
            ])
            const responsibilities = yield* rows([
              [1, 0, 0],
              [0, 1, 0],
            ])
            const params = yield* mixture.initialize(x, { responsibilities })
            const found = yield* fitted(method === "fitVariationalEM" ? "fitEM" : method, mixture, x, params)
            expect(Number.isFinite(found.bound), covariance).toBe(true)
            const problems = yield* mixture.diagnose(found.params)
            expect(problems.at(-1), covariance).toMatchObject({ component: 2, problem: "empty" })
          }
        }),
        ["fitEM", "fitMonteCarloEM", "fitSVI"],
      )

      each(
        "share them where a guide divides them",
        Effect.fnUntraced(function* (method) {
          const mixture = GaussianMixture.make({
            components: 3,
            dimensions: 2,
            size: 2,
            covariance: "diagonal",
          })
          const x = yield* rows([
            [0, 0],
            [4, 4],
          ])
          const found = yield* fitted(method, mixture, x)
          expect(Number.isFinite(found.bound)).toBe(true)
          expect(Object.values(found.params).every(allFinite)).toBe(true)
        }),
        ["fitVariationalEM"],
      )

      test("picking them is refused", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({ components: 3, dimensions: 2, size: 2 })
          const x = yield* own(() => tf.eye(2))
          for (const method of ["random", "k-means++", "k-means"] as const) {
            yield* refused(
              mixture.initialize(x, { method, key }),
              "InvalidArgument",
              "at least 3 observations",
              "found 2",
            )
          }
        }))
    })

    describe("a guide that never moves", () => {
      const still = {
        "a parameter that nothing uses": Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* param("forgotten", 0)
          yield* sample("z", Bernoulli({ logits: yield* param("logit", 0) }))
        }),
        "a parameter that is read back": Effect.fnUntraced(function* (_: tf.Tensor) {
          const logit = yield* param("forgotten", 0.5)
          yield* sample("z", Bernoulli({ logits: logit.dataSync()[0]! }))
        }),
        "a network that nothing uses": Effect.fnUntraced(function* (x: tf.Tensor) {
          yield* apply("forgotten", mlp([1, 2, 1]), tf.reshape(x, [1, 1]))
          yield* sample("z", Bernoulli({ logits: yield* param("logit", 0) }))
        }),
      }
      const mStep = closedForm<tf.Tensor>(() => ({}))
      for (const [what, guide] of Object.entries(still) as ReadonlyArray<[string, typeof coin]>) {
        test(`fitSVI, fitVariationalEM: ${what} is named`, () =>
          Effect.gen(function* () {
            const x = yield* number(1)
            const svi = fitSVI(tossing(), guide, x, { objective: enumerated(), steps: 3 })
            const em = fitVariationalEM(tossing(), guide, x, { mStep, optimizer })
            for (const fit of [svi, em] as ReadonlyArray<Fit<unknown>>)
              yield* refused(fit, "UnusedParam", "never move", '"forgotten"')
            // The other one moves.
            expect((yield* Effect.flip(svi)).message).not.toContain('"logit"')
          }))
      }

      test("a guide without a parameter is refused", () =>
        Effect.gen(function* () {
          const x = yield* number(1)
          const fixed = (_: tf.Tensor) => sample("z", Bernoulli({ probs: 0.5 }))
          const em = fitVariationalEM(tossing(), fixed, x, { mStep, optimizer })
          yield* refused(
            em,
            "InvalidArgument",
            "fitVariationalEM: guide",
            "at least one parameter",
            "never move",
          )
          const still = Effect.fnUntraced(function* (x: tf.Tensor) {
            const z = yield* sample("z", Bernoulli({ probs: 0.5 }))
            yield* observe("x", Normal({ loc: z, scale: 1 }), x)
          })
          const svi = fitSVI(still, fixed, x, { objective: enumerated() })
          yield* refused(svi, "InvalidArgument", "fitSVI", "at least one parameter")
        }))

      test("a gradient that happens to be zero at first is no such thing", () =>
        Effect.gen(function* () {
          const x = yield* number(1)
          // The inner weights have gradient zero until the outer ones have moved; half of the network goes unused.
          const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
            const inner = yield* param("inner", 0.7)
            const outer = yield* param("outer", 0)
            const network = branch({ used: dense(1, 1), spare: dense(1, 1) })
            const { used } = yield* apply("net", network, tf.ones([1, 1]))
            yield* sample("z", Bernoulli({ logits: tf.add(tf.mul(inner, outer), tf.sum(used)) }))
          })
          const svi = yield* fitSVI(tossing(), guide, x, { objective: enumerated(), optimizer, steps: 3 })
          expect(svi.params.inner.dataSync()[0]).not.toBe(Math.fround(0.7))
          const em = yield* fitVariationalEM(tossing(), guide, x, { mStep, optimizer, iterations: 2 })
          expect(Number.isFinite(em.bound)).toBe(true)
        }))

      test("a parameter that only the model has is the model's affair, and a learning rate of 0 the caller's", () =>
        Effect.gen(function* () {
          const x = yield* number(1)
          const model = Effect.fnUntraced(function* (x: tf.Tensor) {
            yield* param("spare", 3)
            yield* tossing()(x)
          })
          const options = { objective: enumerated(), optimizer: Optimizer.sgd(0), steps: 2 }
          const { params } = yield* fitSVI(model, coin, x, options)
          expect([params.spare, params.logit, params.scale].map((p) => p.dataSync()[0])).toEqual([3, 0, 1])
          const { params: raised } = yield* fitEM(model, x, {
            mStep: gradientSteps({ optimizer }),
            iterations: 2,
          })
          expect(raised.spare.dataSync()[0]).toBe(3)
          expect(raised.scale.dataSync()[0]).not.toBe(1)
        }))
    })

    describe("an infinite bound", () => {
      for (const weight of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
        each(
          `a factor of ${weight} is named`,
          Effect.fnUntraced(function* (method) {
            const fit = tossed(method, tossing(weight), yield* number(1))
            yield* refused(fit, "NonFinite", "step 1", 'site "f"', `${weight}`)
          }),
        )
      }

      each(
        "a scale of 0 from an M-step is named",
        Effect.fnUntraced(function* (method) {
          const fit = tossed(method, tossing(), yield* number(1), 0)
          yield* refused(fit, "NonFinite", "step 2", 'site "x"', '"scale"', "found 0")
        }),
        ["fitEM", "fitVariationalEM", "fitMonteCarloEM"],
      )

      each(
        "a component that shrinks onto a point, without a floor",
        Effect.fnUntraced(function* (method) {
          const x = yield* rows([
            [0, 0],
            [1, 2],
            [2, 0],
            [50, 50],
          ])
          for (const covariance of ["full", "diagonal", "spherical"] as const) {
            const mixture = GaussianMixture.make({
              components: 2,
              dimensions: 2,
              size: 4,
              covariance,
              floor: 0,
            })
            const responsibilities = yield* rows([
              [1, 0],
              [1, 0],
              [1, 0],
              [0, 1],
            ])
            const params = yield* mixture.initialize(x, { responsibilities })
            yield* refused(fitted(method, mixture, x, params), "NonFinite", '"scale"')
          }
        }),
        ["fitEM"],
      )

      each(
        "an observation too far from everything is named",
        Effect.fnUntraced(function* (method) {
          const mixture = GaussianMixture.make({
            components: 2,
            dimensions: 1,
            size: 3,
            covariance: "diagonal",
          })
          const x = yield* rows([[0], [1], [1e25]])
          const params = {
            weights: yield* column(0.5, 0.5),
            loc: yield* rows([[0], [1]]),
            scale: yield* rows([[1], [1]]),
          }
          const fit = fitted(method, mixture, x, params)
          yield* refused(fit, "NonFinite", "step 1", 'site "x"', "log-density", "-Infinity")
          // It has no component either; its log-likelihood is what it is.
          for (const ask of [mixture.predict(params, x), mixture.predictProba(params, x)]) {
            yield* refused(ask, "InvalidArgument", "observations", "a density above 0", "none at index [2]")
          }
          expect(Array.from((yield* mixture.scoreSamples(params, x)).dataSync())[2]).toBe(
            Number.NEGATIVE_INFINITY,
          )
          expect(yield* mixture.aic(params, x)).toBe(Number.POSITIVE_INFINITY)
        }),
      )

      test("a learning rate that loses the guide", () =>
        Effect.gen(function* () {
          const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
            const root = yield* param("root", 1)
            yield* sample("z", Bernoulli({ logits: tf.sqrt(root) }))
          })
          const mStep = closedForm<tf.Tensor>(() => ({}))
          const options = { mStep, optimizer: Optimizer.sgd(100), steps: 3 }
          const fit = fitVariationalEM(tossing(), guide, yield* number(1), options)
          yield* refused(fit, "NonFinite", "step 1", '"root"', "NaN, from the E-step")
        }))
    })

    describe("a label out of range", () => {
      for (const label of [3, -1, 0.5, Number.NaN]) {
        each(
          `${label} of three classes`,
          Effect.fnUntraced(function* (method) {
            const fit = tossed(method, labeling, yield* number(label))
            yield* refused(fit, "OutsideSupport", 'site "c"', "an integer from 0 to 2", `found ${label}`)
          }),
        )
      }

      test("in a later minibatch", () =>
        Effect.gen(function* () {
          const model = Effect.fnUntraced(
            function* (c: tf.Tensor) {
              yield* observe("c", Categorical({ logits: yield* param("logits", [0, 0, 0]) }), c)
            },
            plate("rows", { size: 4 }),
          )
          const data = yield* Dataset.fromArray(Float32Array.of(0, 1, 2, 7), [4])
          const fit = fitSVI(model, () => Effect.void, data, { epochs: 1, batchSize: 1 })
          yield* refused(fit, "NonFinite", 'site "c"', "row 3 of the data: 7", "not an integer from 0 to 2")
        }))

      each(
        "of the components, given as known",
        Effect.fnUntraced(function* (method) {
          const mixture = GaussianMixture.make({ components: 2, dimensions: 1, size: 2 })
          const x = yield* rows([[0], [1]])
          const z = yield* column(0, 2)
          const model = (x: tf.Tensor) => condition(mixture.model(x), { z })
          const mStep = gradientSteps<tf.Tensor>({ optimizer })
          const fit: Fit<unknown> =
            method === "fitEM"
              ? fitEM(model, x, { mStep })
              : method === "fitSVI"
                ? fitSVI(model, () => Effect.void, x)
                : fitMonteCarloEM(model, x, { mStep })
          yield* refused(fit, "OutsideSupport", 'site "z"', "an integer from 0 to 1", "found 2 at index [1]")
        }),
        ["fitEM", "fitMonteCarloEM", "fitSVI"],
      )
    })

    describe("what is given beside the data", () => {
      test("first values of parameters: unknown names, other sizes, and what is no member of their sets", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({
            components: 2,
            dimensions: 1,
            size: 2,
            covariance: "diagonal",
          })
          const x = yield* rows([[0], [1]])
          const options = { mStep: closedForm(mixture.maximize) }
          const from = (params: Readonly<Record<string, tf.Tensor>>) =>
            fitEM(mixture.model, x, { ...options, params })
          const loc = yield* rows([[0], [1], [2]])
          yield* refused(from({ mean: loc }), "UnknownSite", "fitEM: params", '"mean"', '"loc"')
          yield* refused(from({ loc }), "ShapeMismatch", "GaussianMixture: loc", "[2, 1]", "found [3, 1]")
          const scale = yield* rows([[1], [0]])
          yield* refused(from({ scale }), "InvalidParameter", 'param "scale"', "positive", "found 0")
          const chain = HiddenMarkov.make({ states: 2, size: 2 })
          const hmm = { mStep: closedForm(chain.maximize), params: { loc: yield* column(1, 2, 3) } }
          yield* refused(
            fitEM(chain.model, { x }, hmm),
            "ShapeMismatch",
            "HiddenMarkov: loc",
            "[2]",
            "found [3]",
          )
          const factors = FactorAnalysis.make({ inputs: 1, latent: 1, size: 2 })
          const wide = { params: { loadings: yield* own(() => tf.ones([1, 2])) } }
          const fit = alternate(factors.model, x, conjugate(factors), wide)
          yield* refused(fit, "ShapeMismatch", "FactorAnalysis: loadings", "[1, 1]", "found [1, 2]")
        }))

      test("weights of observations: below 0, NaN, of another number", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({
            components: 2,
            dimensions: 1,
            size: 3,
            covariance: "diagonal",
          })
          const x = yield* rows([[0], [1], [3]])
          const good = { loc: yield* rows([[0], [3]]) }
          const weighing = (weights: tf.Tensor) =>
            fitEM(mixture.weighted, { x, weights }, { mStep: closedForm(mixture.maximize), params: good })
          for (const bad of [-1, Number.NaN]) {
            const fit = weighing(yield* column(1, bad, 1))
            yield* refused(fit, "NonFinite", 'site "weights"', "index [1]", "NaN")
          }
          yield* refused(weighing(yield* column(1, 2)), "ShapeMismatch", "weights", "[3]", "found [2]")
          const asked = yield* mixture.initialize(x, { method: "k-means++", key })
          for (const ask of [mixture.aic, mixture.bic]) {
            const weights = yield* column(1, -1, 1)
            yield* refused(ask(asked, { x, weights }), "InvalidArgument", "weights", "-1 at index [1]")
          }
          const share = yield* rows([
            [0, 0],
            [1, 0],
            [0, 1],
          ])
          const none = mixture.initialize({ x, weights: yield* column(1, 0, 0) }, { responsibilities: share })
          yield* refused(none, "InvalidArgument", "an observation that counts", "always 0")
        }))

      test("functions of one's own that throw", () =>
        Effect.gen(function* () {
          const x = yield* number(1)
          const mStep = closedForm<tf.Tensor>(() => {
            throw new Error("no such column")
          })
          const fit = fitEM(tossing(), x, { mStep })
          yield* refused(fit, "ProgramThrew", "closedForm: maximize threw: no such column")
          const factors = FactorAnalysis.make({ inputs: 1, latent: 1, size: 2 })
          const wrong: Conjugate<tf.Tensor, FactorAnalysis.FactorPosterior, FactorAnalysis.FactorParams> = {
            ...factors,
            posterior: () => {
              throw new Error("no such factor")
            },
          }
          const linear = alternate(factors.model, yield* rows([[0], [1]]), conjugate(wrong), {})
          yield* refused(linear, "ProgramThrew", "conjugate: posterior threw: no such factor")
        }))
    })
  })
}
