/**
 * Guides in which every latent site is drawn by itself.
 *
 * `autoNormal`: each unconstrained number has a normal distribution of its own, q(z) = Π N(b⁻¹(zᵢ); locᵢ, scaleᵢ²) less
 * the volume of b = biject(support) (Kucukelbir et al., "Automatic Differentiation Variational Inference", JMLR 18, 2017).
 * `autoDelta`: each site is a point, so that the ELBO is log p(x, z) and its maximum the posterior's mode. The density is
 * that of the constrained values, without a Jacobian: for a positive site it is the textbook's mode.
 *
 * A site in a plate has parameters for every member; where batches show only some of them, see `amortise`.
 *
 * ```ts
 * const fit = yield* fitSVI(model, autoNormal(model), x)
 * fit.params["auto/mu/loc"]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Delta } from "../../distributions/Delta.ts"
import type { Distribution } from "../../distributions/Distribution.ts"
import { Normal } from "../../distributions/Normal.ts"
import { independent, positive, real } from "../../distributions/Support.ts"
import type { BijectableSupport } from "../../distributions/Transform.ts"
import { Transformed } from "../../distributions/Transformed.ts"
import { requiringSites } from "../../effects/handlers/requiring.ts"
import { handle, type Interpretation, type SampleSite } from "../../effects/Interpreter.ts"
import type { LatentName } from "../../effects/Program.ts"
import type { InvalidArgument } from "../../tensor/errors.ts"
import type * as Key from "../../tensor/Key.ts"
import type { Shape } from "../../tensor/Shape.ts"
import { checkShape, type EncodableGuide, type Encoders, encode, type Parameters } from "./encoders.ts"
import { type Init, initialLoc, initToMedian } from "./init.ts"
import { asGuide, checkPlates, type Latent, latentOf, readParam, scaleProblem, unless } from "./latent.ts"
import type { AutoOptions, Drawable, Guided, SpreadOptions } from "./types.ts"

/**
 * Independent normals in unconstrained coordinates, with parameters `auto/<site>/loc` (unconstrained) and
 * `auto/<site>/scale` (positive). A model with discrete latent sites does not compile, unless they are `summedOut`.
 */
export const autoNormal = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: SpreadOptions<K> = {},
): EncodableGuide<D, E, Guided<R, K, "loc" | "scale">, "loc" | "scale"> => {
  const { init = initToMedian, scale = 0.1 } = options
  return meanField(model, options, {
    where: "autoNormal",
    problem: scaleProblem("autoNormal", scale),
    parameters: ["loc", "scale"],
    read: (latent) => ({
      loc: { shape: latent.shape, init: (key) => initialLoc(latent, init, key), support: real },
      scale: { shape: latent.shape, init: () => tf.fill([...latent.shape], scale), support: positive },
    }),
    distribution: ({ transform, support, eventRank }, params) => {
      const base = Normal(params).toEvent(eventRank)
      // The identity would hide the pair's closed form of the KL divergence.
      return support.name === "real" ? base : Transformed(base, transform)
    },
  })
}

/**
 * A point for each site, with parameter `auto/<site>/value`, constrained: the maximum a posteriori fit. The mode is that
 * of the density of the constrained values. A model with discrete latent sites does not compile, unless they are
 * `summedOut`.
 */
export const autoDelta = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: AutoOptions<K> = {},
): EncodableGuide<D, E, Guided<R, K, "value">, "value"> => {
  const init: Init = options.init ?? initToMedian
  return meanField(model, options, {
    where: "autoDelta",
    problem: undefined,
    parameters: ["value"],
    read: ({ name, distribution, support }) => ({
      value: {
        shape: [...distribution.batchShape, ...distribution.eventShape],
        init: (key) => init({ name, distribution }, key),
        support,
      },
    }),
    distribution: ({ distribution: { eventShape }, support }, { value }) =>
      Delta({ value, support: independent(support, eventShape.length - support.eventRank) }),
  })
}

/** What makes a guide of sites drawn by themselves. */
interface Family<P extends string> {
  readonly where: string
  readonly problem: InvalidArgument | undefined
  readonly parameters: ReadonlyArray<P>
  readonly read: (latent: Latent) => {
    readonly [K in P]: {
      readonly shape: Shape
      readonly init: (key: Key.Key) => tf.Tensor
      readonly support: BijectableSupport
    }
  }
  readonly distribution: (latent: Latent, params: Parameters<P>) => Distribution
}

const meanField = <D, E, R, GR, P extends string>(
  model: (data: D) => Effect.Effect<unknown, E, R>,
  options: AutoOptions,
  family: Family<P>,
  encoders: Encoders = {},
): EncodableGuide<D, E, GR, P> => {
  const summedOut = new Set(options.summedOut)
  const { parameters, problem, where } = family
  const guide = Effect.fnUntraced(function* (data: D) {
    const given = (yield* encode(encoders, data)) as ReadonlyMap<string, Parameters<P>>
    const program = Effect.suspend(() => model(data))
    yield* requiringSites(where, [...summedOut, ...given.keys()], (seen) =>
      handle(program, (outer) => {
        const answer = (site: SampleSite) => outer.sample(drawn(site, outer, given, family))
        const guide = asGuide({ summedOut, answer })(outer)
        return {
          ...guide,
          sample: (site) => {
            if (!site.observed && !site.hidden) seen(site.name, true)
            return guide.sample(site)
          },
        }
      }),
    )
  })
  const encoded = (more: Encoders) => meanField(model, options, family, { ...encoders, ...more })
  const checked = (data: D) => unless(problem, guide(data))
  return Object.assign(checked, { encoded, parameters }) as unknown as EncodableGuide<D, E, GR, P>
}

/** The site with the guide's distribution. */
const drawn = <P extends string>(
  site: SampleSite,
  outer: Interpretation,
  given: ReadonlyMap<string, Parameters<P>>,
  { parameters, read, distribution }: Family<P>,
): SampleSite => {
  const latent = latentOf(site)
  const wanted = read(latent)
  const encoded = given.get(site.name)
  if (encoded === undefined) checkPlates(site)
  const params = parameters.map((name) => {
    const { shape, init, support } = wanted[name]
    const value =
      encoded === undefined ? readParam(outer, `auto/${site.name}/${name}`, init, support) : encoded[name]
    checkShape(site.name, name, value, shape)
    return [name, value] as const
  })
  return { ...site, distribution: distribution(latent, Object.fromEntries(params) as Parameters<P>) }
}
