/**
 * Where an objective's gradient stops: at parameters, at draws, and at a value that something else is differentiated
 * in place of. A handler stops it inside the program, so that what the program computes from a stopped value is
 * stopped too, and from anything else is not.
 *
 * ```ts
 * programs.guide({ key, handlers: [detachedParams, replayed(values)] })   // log q depends on φ through z alone
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { replayed } from "../../effects/handlers/replay.ts"
import type { Handler, SampleSite } from "../../effects/Interpreter.ts"
import { place } from "../../effects/place.ts"
import type { Recording } from "../../effects/run.ts"
import { detach } from "../../tensor/stable.ts"
import * as Tree from "../../tensor/Tree.ts"

/** The program reads its parameters as constants. */
export const detachedParams: Handler = (outer) => ({
  ...outer,
  param: (site) => {
    const settled = outer.param(site)
    return { ...settled, value: Tree.map(settled.value, (leaf) => detach(() => leaf)) }
  },
})

/** The latent sites that `choose` picks are drawn as they would be, and the draws are constants to what comes after. */
export const detachedDrawsOf =
  (choose: (site: SampleSite) => boolean): Handler =>
  (outer) => ({
    ...outer,
    sample: (site) => {
      const isDrawn = !site.observed && !site.hidden && site.value === undefined
      if (!isDrawn || site.distribution.gradient === "score" || !choose(site)) return outer.sample(site)
      return outer.sample({ ...site, value: place(site, false).sample(outer.key(site.name)) })
    },
    ahead: (site, asked) => {
      const found = outer.ahead(site, asked)
      return found.isDrawn && choose(site) ? { ...found, value: detach(() => found.value) } : found
    },
  })

/** As {@link detachedDrawsOf}, for all latent sites. */
export const detachedDraws: Handler = detachedDrawsOf(() => true)

/** Puts a program's latent sites at what another run of it drew. */
export const atDraws = ({ samples }: Recording): Handler =>
  replayed(new Map([...samples.values()].map((site) => [site.name, site.value])))

/** As {@link atDraws}, with the draws as constants. */
export const atConstantDraws = ({ samples }: Recording): Handler =>
  replayed(new Map([...samples.values()].map(({ name, value }) => [name, detach(() => value)])))

/** `value`, with the gradient of `surrogate`; both are scalars. */
export const withGradientOf = (surrogate: tf.Tensor, value: tf.Tensor): tf.Tensor =>
  tf.customGrad(() => ({
    value: tf.clone(value),
    gradFunc: (dy: tf.Tensor) => [dy],
  }))(surrogate)
