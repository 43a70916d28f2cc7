/**
 * The same program in other coordinates: a latent site x = f(u) becomes a site u whose distribution is simpler, and x a
 * computed value.
 *
 *   p(u) = p(f(u)) |det ∂f/∂u|
 *
 * The posterior of x is what it was. Where x's scale is itself unknown, as in a hierarchy with little data, u is far easier
 * to approximate, since its prior no longer depends on it (O. Papaspiliopoulos, G. O. Roberts and M. Sköld, "A general
 * framework for the parametrization of hierarchical models", 2007).
 *
 * ```ts
 * const model = Effect.gen(function* () {
 *   const v = yield* sample("v", Normal({ loc: 0, scale: 3 }))
 *   return yield* sample("x", Normal({ loc: 0, scale: tf.exp(tf.div(v, 2)) }))
 * })
 * reparam(model, ["x"], nonCentered())       // R: Sample<"x_decentered", …> | Deterministic<"x"> | …
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import { Cauchy } from "../../distributions/Cauchy.ts"
import { type Distribution, operand, type Value } from "../../distributions/Distribution.ts"
import { Gumbel } from "../../distributions/Gumbel.ts"
import { IndependentDistribution, independent } from "../../distributions/Independent.ts"
import { Laplace } from "../../distributions/Laplace.ts"
import { Logistic } from "../../distributions/Logistic.ts"
import { Normal } from "../../distributions/Normal.ts"
import { SoftLaplace } from "../../distributions/SoftLaplace.ts"
import { StudentT } from "../../distributions/StudentT.ts"
import { TransformedDistribution } from "../../distributions/Transformed.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { type Handler, handle, type SampleSite } from "../Interpreter.ts"
import type { Deterministic, LatentName, Sample } from "../Program.ts"
import { requiringSites } from "./requiring.ts"

/** Other coordinates: the distribution of u, which is on the reals, and x = f(u). */
export interface Split {
  readonly base: Distribution
  /** f, where u is of the base's shape or stretched to the site's plates. */
  readonly forward: (u: tf.Tensor) => tf.Tensor
}

/** How a distribution is split; `X` is what the new site is called by, after the old one's name and "_". */
export interface Reparam<X extends string> {
  readonly suffix: X
  /** What distributions it can split, for messages. */
  readonly expects: string
  readonly split: (d: Distribution) => Split | undefined
  readonly problem?: InvalidArgument | undefined
}

/** `Sample<K>` becomes `Sample<K_X>` on the reals, and K a computed value. */
export type Reparametrized<R, K extends string, X extends string> =
  R extends Sample<infer N, infer _S, infer G>
    ? N extends K
      ? Sample<`${N}_${X}`, "real", G> | Deterministic<N>
      : R
    : R

/**
 * The program with the named latent sites in the coordinates of `how`. A name that the program does not have is a compile
 * error where the names are known, and fails with `UnknownSite` otherwise; a site that `how` cannot split fails with
 * `InvalidArgument`. A site that has its value from elsewhere is left as it is.
 */
export const reparam = <A, E, R, const K extends LatentName<R>, X extends string>(
  program: Effect.Effect<A, E, R>,
  names: ReadonlyArray<K>,
  how: Reparam<X>,
): Effect.Effect<A, E, Reparametrized<R, K, X>> => {
  const chosen = new Set<string>(names)
  return requiringSites("reparam", names, (seen) => handle(program, moved(chosen, how, seen)))
}

const moved =
  (chosen: ReadonlySet<string>, how: Reparam<string>, seen: (name: string, used: boolean) => void): Handler =>
  (outer) => ({
    ...outer,
    sample: (site) => {
      if (site.hidden || site.value !== undefined) return outer.sample(site)
      const isChosen = chosen.has(site.name)
      seen(site.name, isChosen)
      // A distribution with a problem is refused outside, under its own name.
      if (!isChosen || site.distribution.problem !== undefined) return outer.sample(site)
      const { base, forward } = splitOf(site, how)
      const name = `${site.name}_${how.suffix}`
      const value = forward(outer.sample({ ...site, name, distribution: base }).value)
      const { support } = site.distribution
      outer.deterministic({ kind: "deterministic", name: site.name, value, support, hidden: false })
      return { ...site, value }
    },
    ahead: (site, asked) => {
      if (site.hidden || site.value !== undefined || !chosen.has(site.name)) return outer.ahead(site, asked)
      const expected = "a site outside of a scan"
      throw new InvalidArgument({ where: `reparam: site "${site.name}"`, expected, found: "one of its step" })
    },
  })

const splitOf = ({ name, distribution }: SampleSite, { split, expects, problem }: Reparam<string>): Split => {
  if (problem !== undefined) throw problem
  const found = split(distribution)
  if (found?.base.support.name === "real") return found
  throw new InvalidArgument({
    where: `reparam: site "${name}"`,
    expected: expects,
    found: distribution.family,
  })
}

/**
 * x = loc + scale · u of a location-scale family: Normal, Student's t, Cauchy, Laplace, logistic, Gumbel, soft Laplace, and
 * vectors of these. With `centered` c, from 0 (the default) to 1 (no change), u has location c · loc and scale scaleᶜ
 * (M. Gorinova, D. Moore and M. Hoffman, "Automatic reparameterisation of probabilistic programs", ICML 2020). The new
 * site is `${name}_decentered`, as in NumPyro's `LocScaleReparam`.
 */
export const nonCentered = ({
  centered = 0,
}: {
  readonly centered?: number
} = {}): Reparam<"decentered"> => ({
  suffix: "decentered",
  expects: "a location-scale family (Normal, StudentT, Cauchy, Laplace, Logistic, Gumbel, SoftLaplace)",
  split: lifted((d) => decentered(d, centered)),
  problem:
    centered >= 0 && centered <= 1
      ? undefined
      : new InvalidArgument({
          where: "nonCentered: centered",
          expected: "from 0 to 1",
          found: `${centered}`,
        }),
})

/**
 * x = T(u) of a `Transformed` distribution on a base on the reals: the site is the base, `${name}_base`, as in NumPyro's
 * `TransformReparam`.
 */
export const transformReparam = (): Reparam<"base"> => ({
  suffix: "base",
  expects: "a Transformed distribution, on a base on the reals",
  split: lifted(untransformed),
})

/**
 * Whatever applies: before the transform where there is one, then non-centred where what is left is of a location-scale
 * family. The new site is `${name}_base`.
 */
export const autoReparam = (): Reparam<"base"> => ({
  suffix: "base",
  expects: "a location-scale family, or a Transformed distribution, on a base on the reals",
  split: lifted((d) => {
    const outer = untransformed(d)
    const inner = lifted((base) => decentered(base, 0))(outer?.base ?? d)
    if (outer === undefined || inner === undefined) return outer ?? inner
    return { base: inner.base, forward: (u) => outer.forward(inner.forward(u)) }
  }),
})

type Splitter = (d: Distribution) => Split | undefined

/** The same for a distribution whose event is a batch of such. */
function lifted(split: Splitter): Splitter {
  return (d) => {
    if (!(d instanceof IndependentDistribution)) return split(d)
    const inner = lifted(split)(d.base)
    return inner && { ...inner, base: independent(inner.base, d.reinterpreted) }
  }
}

function untransformed(d: Distribution): Split | undefined {
  if (!(d instanceof TransformedDistribution)) return undefined
  return { base: d.base, forward: (u) => d.transform.forward(u) }
}

/** A family's constructor, with what its members have besides a location and a scale. */
type LocScale = (params: { readonly loc: Value; readonly scale: Value; readonly df: Value }) => Distribution

const families: Readonly<Record<string, LocScale>> = {
  Normal,
  StudentT,
  Cauchy,
  Laplace,
  Logistic,
  Gumbel,
  SoftLaplace,
}

const decentered = (d: Distribution, c: number): Split | undefined => {
  const make = families[d.family]
  if (make === undefined) return undefined
  const given = d as Distribution & { readonly loc: Value; readonly scale: Value; readonly df: Value }
  const [loc, scale] = [operand(given.loc), operand(given.scale)]
  const of = (part: { readonly loc: Value; readonly scale: Value }) =>
    make({ ...part, df: given.df }).expand(d.batchShape)
  if (c === 0) return { base: of({ loc: 0, scale: 1 }), forward: (u) => tf.add(loc, tf.mul(scale, u)) }
  const kept = tf.mul(loc, c)
  return {
    base: of({ loc: kept, scale: tf.pow(scale, c) }),
    forward: (u) => tf.add(loc, tf.mul(tf.pow(scale, 1 - c), tf.sub(u, kept))),
  }
}
