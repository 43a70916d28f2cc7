/**
 * Gibbs sampling of finite discrete sites: each in turn is drawn from its distribution given all others (S. Geman and
 * D. Geman, "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images", 1984). The members of
 * a site's plates are independent given the rest, and are drawn at once.
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import { canEnumerate } from "../../effects/handlers/enumerate.ts"
import { replayed } from "../../effects/handlers/replay.ts"
import { frameShape } from "../../effects/place.ts"
import { drawClasses } from "../../tensor/classes.ts"
import * as Key from "../../tensor/Key.ts"
import { add, along, named } from "../../tensor/Named.ts"
import { eliminate } from "../enumeration/eliminate.ts"
import { runEnumerated, structure, tablesOf } from "../enumeration/evidence.ts"
import { latents } from "../programs.ts"
import type { Kernel, KernelState, Target } from "./Kernel.ts"

/** The kernel, from a first state drawn from the prior. Throws `SiteMismatch` for a site without a list of values. */
export const gibbs = (): Kernel<KernelState> => ({
  name: "Gibbs",
  init: (key, target) => {
    const sites = [...latents(target({ key })).values()]
    const stray = sites.filter(({ distribution }) => !canEnumerate(distribution)).map(({ name }) => name)
    if (stray.length > 0) {
      throw new SiteMismatch({
        reason: "Gibbs sampling needs sites with a list of values, and these have none",
        sites: stray,
      })
    }
    return { values: Object.fromEntries(sites.map(({ name, value }) => [name, tf.clone(value)])) }
  },
  step: (key, target, { values }) => {
    const now: Record<string, tf.Tensor> = { ...values }
    for (const name of Object.keys(values)) {
      now[name] = conditional(Key.foldInName(key, name), target, now, name)
    }
    return { values: now }
  },
})

/** A draw of one site given the values of the others. */
const conditional = (
  key: Key.Key,
  target: Target,
  values: KernelState["values"],
  name: string,
): tf.Tensor => {
  const others = new Map(Object.entries(values).filter(([other]) => other !== name))
  const { recording, axes } = runEnumerated(
    target,
    { handlers: [replayed(others)] },
    (site) => site.name === name,
    {
      depth: 1,
    },
  )
  const given = structure([recording], axes, new Set([name]))
  const plates = given.variables.get(name)!
  const terms = eliminate(tablesOf(recording), given).filter((table) => table.axes.includes(name))
  const logits = add(terms.map(({ tensor, axes, scale }) => named(tf.mul(tensor, scale), axes)))
  const table = along(logits, [...plates, name])
  const site = recording.samples.get(name)!
  const { eventShape } = site.distribution
  const list = tf.reshape(site.value, [axes[0]!.size, ...eventShape])
  const classes = tf.cast(drawClasses(key, { logits: table }, table.shape.slice(0, -1)), "int32")
  return tf.reshape(tf.gather(list, classes), [...frameShape(site.plates), ...eventShape])
}
