/**
 * Gibbs sampling of finite discrete sites: each in turn is drawn from its distribution given all others (S. Geman and
 * D. Geman, "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images", 1984). The members of
 * a site's plates are independent given the rest, and are drawn at once; the steps of a `scan` are drawn as one path.
 *
 * ```ts
 * yield* fitMonteCarloEM(model, x, { mStep, kernel: gibbs(), draws: 20 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import { canEnumerate } from "../../effects/handlers/enumerate.ts"
import { replayed } from "../../effects/handlers/replay.ts"
import { frameShape } from "../../effects/place.ts"
import { chainDraw } from "../../tensor/chain.ts"
import { drawClasses } from "../../tensor/classes.ts"
import * as Key from "../../tensor/Key.ts"
import { add, along, type Named, named } from "../../tensor/Named.ts"
import { chainTable, type Previous } from "../enumeration/chain.ts"
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
    return [{ values: now }, { metrics: {} }]
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
  const before = [...given.previous!.keys()].filter((other) => given.previous!.get(other)!.of === name)
  const terms = eliminate(tablesOf(recording), given).filter((table) =>
    table.axes.some((axis) => axis === name || before.includes(axis)),
  )
  const logits = add(terms.map(({ tensor, axes, scale }) => named(tf.mul(tensor, scale), axes)))
  const site = recording.samples.get(name)!
  const { eventShape } = site.distribution
  const list = tf.reshape(site.value, [axes[0]!.size, ...eventShape])
  const drawn =
    before.length === 0
      ? drawEach(key, along(logits, [...plates, name]))
      : drawPath(key, logits, plates, before, given.previous!)
  return tf.reshape(tf.gather(list, tf.cast(drawn, "int32")), [...frameShape(site.plates), ...eventShape])
}

/** A class for each member by its own logits, `[...plates, K]`. */
const drawEach = (key: Key.Key, logits: tf.Tensor): tf.Tensor =>
  drawClasses(key, { logits }, logits.shape.slice(0, -1))

/** The classes of all steps of a scan together, `[...plates]`. */
const drawPath = (
  key: Key.Key,
  logits: Named,
  plates: ReadonlyArray<string>,
  before: ReadonlyArray<string>,
  previous: ReadonlyMap<string, Previous>,
): tf.Tensor => {
  const steps = previous.get(before[0]!)!.along
  const members = plates.filter((name) => name !== steps)
  const path = chainDraw(key, chainTable(logits, members, before, previous))
  return along(named(path, [...members, steps]), plates)
}
