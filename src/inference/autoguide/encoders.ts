/**
 * Sites whose parameters a program of the data gives: what `amortise` puts into a guide.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Distribution } from "../../distributions/Distribution.ts"
import { ShapeMismatch } from "../../tensor/errors.ts"
import { format, type Shape } from "../../tensor/Shape.ts"
import type { Latent } from "./latent.ts"
import type { AutoGuide } from "./types.ts"

/** Parameters of one site, each under its name. */
export type Parameters<P extends string> = { readonly [K in P]: tf.Tensor }

/** A program of the data that gives a site its parameters. */
export type AnyEncoder = (data: never) => Effect.Effect<Parameters<string>, unknown, unknown>

/** Encoders by site. */
export type Encoders = { readonly [site: string]: AnyEncoder }

/** A guide whose sites can be given parameters `P` by an encoder; see `amortise`. */
export interface EncodableGuide<D, E, R, P extends string> extends AutoGuide<D, E, R> {
  /** The names of an encoded site's parameters. */
  readonly parameters: ReadonlyArray<P>
  /** @internal The guide with these encoders besides those that it has. */
  readonly encoded: (encoders: Encoders) => unknown
}

/** How a family draws a site by itself, with parameters from outside. */
export interface Encodable<P extends string> {
  readonly parameters: ReadonlyArray<P>
  /** What each parameter's shape must be, where `undefined` is any size. */
  readonly shapes: (latent: Latent) => { readonly [K in P]: ReadonlyArray<number | undefined> }
  readonly distribution: (latent: Latent, params: Parameters<P>) => Distribution
}

/** What the encoders give, by site. */
export const encode = Effect.fnUntraced(function* (encoders: Encoders, data: unknown) {
  const given = new Map<string, Parameters<string>>()
  for (const [site, encoder] of Object.entries(encoders)) given.set(site, yield* encoder(data as never))
  return given as ReadonlyMap<string, Parameters<string>>
})

/** Throws `ShapeMismatch` where what a site's encoder gave is not of the site's shapes. */
export const checkEncoded = <P extends string>(
  latent: Latent,
  { shapes }: Encodable<P>,
  given: Parameters<string>,
): void => {
  for (const [name, shape] of Object.entries<ReadonlyArray<number | undefined>>(shapes(latent)))
    checkShape(latent.name, name, given[name], shape)
}

/** Throws `ShapeMismatch` where a site's parameter is missing or has another shape. */
export const checkShape = (
  site: string,
  name: string,
  value: tf.Tensor | undefined,
  shape: ReadonlyArray<number | undefined>,
): void => {
  const fits = (found: Shape) =>
    found.length === shape.length && shape.every((n, i) => n === undefined || n === found[i])
  if (value !== undefined && fits(value.shape)) return
  const wanted = `[${shape.map((n) => n ?? "any").join(", ")}]`
  throw new ShapeMismatch({
    where: `"${name}" of site "${site}"`,
    expected: `shape ${wanted}, as the site's plates and unconstrained event have it`,
    found: value === undefined ? "nothing" : format(value.shape),
  })
}
