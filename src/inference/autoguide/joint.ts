/**
 * Guides that draw all latent sites together: one vector u of all unconstrained numbers, cut up and mapped onto the
 * supports.
 *
 *   log q(z) = log q(u) − Σ_sites log |det ∂z/∂u|
 *
 * Each site scores its own volume and its share of log q(u), so that every number counts once. Where the vector's density
 * comes number by number, log q(u_i | u_1 … u_{i−1}), the shares are those; where it comes whole, the first site has it.
 * Shares are functions of the sites' values, whoever has drawn them: a guide may be scored at another's draw.
 *
 * A first run of the model, at the guide's locations, finds the sites and their sizes. Sites with encoders are no part of
 * the vector: each is drawn by itself.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { isReparameterized, type Reparameterized } from "../../distributions/Distribution.ts"
import { positive, real } from "../../distributions/Support.ts"
import { PlateError, SiteMismatch } from "../../effects/errors.ts"
import { requiringSites } from "../../effects/handlers/requiring.ts"
import { ask, handle, type Interpretation, type SampleSite } from "../../effects/Interpreter.ts"
import { place } from "../../effects/place.ts"
import type { InvalidArgument } from "../../tensor/errors.ts"
import { equals, size } from "../../tensor/Shape.ts"
import {
  checkEncoded,
  checkShape,
  type Encodable,
  type Encoders,
  encode,
  type Parameters,
} from "./encoders.ts"
import { initialLoc, initToMedian } from "./init.ts"
import { Draw, type Piece } from "./jointSite.ts"
import { asGuide, checkPlates, latentOf, readParam, unless } from "./latent.ts"
import type { SpreadOptions } from "./types.ts"

/** The distribution of the vector of all unconstrained numbers. */
export interface Vector {
  readonly distribution: Reparameterized
  /** log q(u_i | u_1 … u_{i−1}) for each number: `[..., n]`. Left out where the density comes whole. */
  readonly terms?: (u: tf.Tensor) => tf.Tensor
}

/** The locations (and scales, where the family has them) of all unconstrained numbers, one after the other: `[n]`. */
export interface Concatenated {
  readonly size: number
  readonly loc: tf.Tensor
  readonly scale: tf.Tensor | undefined
}

/** What makes a guide of one vector. */
export interface JointFamily {
  readonly name: string
  readonly problem: InvalidArgument | undefined
  /** Whether there is a parameter `auto/<site>/scale`. */
  readonly hasScale: boolean
  /** Whether the density comes whole, and cannot be told apart by members of a plate. */
  readonly isWhole: boolean
  readonly vector: (parts: Concatenated, outer: Interpretation) => Vector
  /** How a site is drawn by itself, with parameters from an encoder, `loc` among them. Left out where it cannot be. */
  readonly encoding?: Encodable<string>
}

/** The guide: an `EncodableGuide` where the family has an encoding. */
export const joint = <D, E, R, G extends (data: D) => unknown>(
  model: (data: D) => Effect.Effect<unknown, E, R>,
  options: SpreadOptions,
  family: JointFamily,
  encoders: Encoders = {},
): G => {
  const summedOut = new Set(options.summedOut)
  const guide = Effect.fnUntraced(function* (data: D) {
    const program = Effect.suspend(() => model(data))
    const given = yield* encode(encoders, data)
    const found = yield* survey(program, { summedOut, options, family, given })
    const draw = yield* ask((outer) =>
      found.length === 0
        ? undefined
        : new Draw(family.name, vectorOf(found, family, outer), found, () => outer.key("auto/draw")),
    )
    yield* requiringSites(
      `${family.name}: sites of the model`,
      found.map(({ name }) => name),
      (seen) =>
        handle(
          program,
          asGuide({
            summedOut,
            answer: (site, outer) => {
              const latent = latentOf(site)
              const params = given.get(site.name)
              if (params !== undefined)
                return outer.sample({ ...site, distribution: family.encoding!.distribution(latent, params) })
              const piece = found.find(
                (piece) => piece.name === site.name && equals(piece.shape, latent.shape),
              )
              if (piece === undefined || draw === undefined) throw changed(site.name)
              seen(site.name, true)
              const settled = outer.sample({ ...site, distribution: draw.at(piece, latent) })
              draw.settle(piece, latent, settled.value)
              return settled
            },
          }),
        ),
    )
  })
  const checked = (data: D) => unless(family.problem, guide(data))
  const encoded = (more: Encoders) => joint(model, options, family, { ...encoders, ...more })
  const { encoding } = family
  return Object.assign(checked, encoding && { encoded, parameters: encoding.parameters }) as unknown as G
}

/** A site in the first run: its place in the vector, and its parameters. */
interface Found extends Piece {
  readonly loc: tf.Tensor
  readonly scale: tf.Tensor | undefined
}

interface Surveyed {
  readonly summedOut: ReadonlySet<string>
  readonly options: SpreadOptions
  readonly family: JointFamily
  /** What encoders gave. */
  readonly given: ReadonlyMap<string, Parameters<string>>
}

/** Runs the model at the guide's locations; nothing of it is recorded but parameters. */
const survey = <E, R>(
  program: Effect.Effect<unknown, E, R>,
  { summedOut, options: { init = initToMedian, scale = 0.1 }, family, given }: Surveyed,
): Effect.Effect<ReadonlyArray<Found>, E, R> =>
  requiringSites<ReadonlyArray<Found>, E, R, R>(family.name, [...summedOut, ...given.keys()], (seen) => {
    const found: Array<Found> = []
    const sites: Array<SampleSite> = []
    const latent = (site: SampleSite, outer: Interpretation): tf.Tensor => {
      const latent = latentOf(site)
      const params = given.get(site.name)
      if (params !== undefined) {
        checkEncoded(latent, family.encoding!, params)
        return latent.transform.forward(params.loc!)
      }
      check(site, family)
      const { shape, name } = latent
      const loc = readParam(outer, `auto/${name}/loc`, (key) => initialLoc(latent, init, key), real)
      const ofScale = () => readParam(outer, `auto/${name}/scale`, () => tf.fill([...shape], scale), positive)
      const start = found.reduce((sum, { count }) => sum + count, 0)
      const spread = family.hasScale ? ofScale() : undefined
      checkShape(name, "loc", loc, shape)
      if (spread !== undefined) checkShape(name, "scale", spread, shape)
      found.push({ name, shape, start, count: size(shape), loc, scale: spread })
      sites.push(site)
      return latent.transform.forward(loc)
    }
    const drawn = (site: SampleSite, outer: Interpretation): tf.Tensor => {
      const distribution = place(site, false)
      const key = outer.key(site.name)
      return isReparameterized(distribution) ? distribution.rsample(key) : distribution.sample(key)
    }
    const run = handle(program, (outer) => ({
      ...outer,
      sample: (site) => {
        const isLatent = !site.observed && !site.hidden
        if (isLatent) seen(site.name, true)
        const isOurs = isLatent && !summedOut.has(site.name)
        return { ...site, value: site.value ?? (isOurs ? latent(site, outer) : drawn(site, outer)) }
      },
      factor: (site) => site,
      deterministic: (site) => site,
    }))
    return Effect.flatMap(run, () =>
      ask(() => {
        if (family.isWhole) checkGlobal(sites, family)
        return found
      }),
    ) as Effect.Effect<ReadonlyArray<Found>, E, R>
  })

const vectorOf = (found: ReadonlyArray<Found>, family: JointFamily, outer: Interpretation): Vector => {
  const together = (pick: (one: Found) => tf.Tensor) =>
    tf.concat(found.map((one) => tf.reshape(pick(one), [one.count])))
  const loc = together((one) => one.loc)
  const scale = family.hasScale ? together((one) => one.scale!) : undefined
  return family.vector({ size: loc.size, loc, scale }, outer)
}

const check = (site: SampleSite, family: JointFamily): void => {
  checkPlates(site)
  if (site.mask === undefined) return
  throw new SiteMismatch({
    reason: `${family.name} draws all sites together, and cannot leave out the masked part of`,
    sites: [site.name],
  })
}

/** Refuses a density that comes whole where each member of a plate should have its own. */
const checkGlobal = (sites: ReadonlyArray<SampleSite>, family: JointFamily): void => {
  const [first, ...rest] = sites
  const shared = first?.plates.find(({ name }) =>
    rest.every(({ plates }) => plates.some((plate) => plate.name === name)),
  )
  if (shared === undefined) return
  throw new PlateError({
    plate: shared.name,
    expected: `a latent site outside it: ${family.name} would tie together members that are independent of one another (see autoNormal, amortise)`,
    found: "every latent site in it",
  })
}

const changed = (site: string): SiteMismatch =>
  new SiteMismatch({
    reason:
      "a guide that draws all sites together needs the same sites, of the same shapes, in every run, but not so",
    sites: [site],
  })
