/**
 * The exact E-step: all discrete latent sites summed out, their posterior read off the sum's derivatives.
 *
 * The log-evidence is a function of the sites' log-tables, and its derivative in one cell of one table is the posterior
 * probability of that cell (A. Darwiche, "A differential approach to inference in Bayesian networks", J. ACM 50 (2003)).
 * With a chain that is the forward-backward algorithm; with independent members it is the responsibilities.
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import type { Recording } from "../../effects/run.ts"
import { valueAndGradient } from "../../tensor/gradient.ts"
import type { Key } from "../../tensor/Key.ts"
import { along, type Named, named, sum } from "../../tensor/Named.ts"
import { where } from "../../tensor/stable.ts"
import type { Table } from "../enumeration/eliminate.ts"
import { logEvidenceOf, runEnumerated, structure, tablesOf } from "../enumeration/evidence.ts"
import type { ParamTree } from "../svi.ts"
import { type EStep, type Model, supportsOf } from "./steps.ts"

/** The E-step of EM. Fails with `SiteMismatch` where a latent site cannot be summed out. */
export const exact = <B>(): EStep<B, {}> => ({
  name: "exact",
  measures: "bound",
  isMonotone: true,
  init: () => ({}),
  expect: (key, model, params) => {
    const { recording, axes, depth } = enumerate(model, params, key, 1)
    const tables = tablesOf(recording)
    const given = structure([recording], axes)
    const { value, gradient } = valueAndGradient(tensorsOf(tables), (tensors) => {
      const watched = tables.map((table, i) => ({ ...table, tensor: tensors[i]! }))
      return { value: logEvidenceOf(watched, given), aux: {} }
    })
    const weights = tables.map((table, i) => named(gradient[i]!, table.axes))
    const joint = Object.fromEntries(
      tables.flatMap((table, i) =>
        table.axes.some((name) => given.variables.has(name))
          ? [[table.site, normalized(weights[i]!, given.variables)] as const]
          : [],
      ),
    )
    return {
      belief: {
        joint,
        supports: supportsOf(recording),
        probabilities: Object.fromEntries(
          axes.map(({ name }) => [name, marginal(joint[name]!, name, given.variables.get(name)!)]),
        ),
        expected: (other) => weighted(tablesOf(enumerate(model, other, key, depth).recording), weights),
      },
      state: {},
      value,
    }
  },
})

/** Runs the model with every latent site enumerated. */
const enumerate = (model: Model, params: ParamTree, key: Key, depth: number) => {
  const run = runEnumerated(
    (options) => model(params, options),
    { key },
    () => true,
    { depth },
  )
  checkSummed(run.recording, new Set(run.axes.map(({ name }) => name)))
  return run
}

const checkSummed = (recording: Recording, summed: ReadonlySet<string>): void => {
  const left = [...recording.samples.values()].filter((site) => !site.observed && !summed.has(site.name))
  if (left.length === 0) return
  throw new SiteMismatch({
    reason: "an exact E-step sums every latent site out, and these have no list of values",
    sites: left.map(({ name }) => name),
  })
}

/** Cloned, since two tables may be one tensor, and each has its own derivative. */
const tensorsOf = (tables: ReadonlyArray<Table>): { readonly [i: number]: tf.Tensor } =>
  Object.fromEntries(tables.map(({ tensor }, i) => [i, tf.clone(tensor)]))

/** Σ of log-tables by their cells' posterior weight. A cell without any may be −∞. */
const weighted = (tables: ReadonlyArray<Table>, weights: ReadonlyArray<Named>): tf.Tensor =>
  tables.reduce<tf.Tensor>((total, { tensor }, i) => {
    const weight = weights[i]!.tensor
    const counted = where(() => tf.greater(weight, 0), tensor, 0)
    return tf.add(total, tf.sum(tf.mul(counted, weight)))
  }, tf.scalar(0))

/** Posterior weights, of which plates' and handlers' scales are a part, as probabilities over the variables. */
const normalized = ({ tensor, axes }: Named, variables: ReadonlyMap<string, unknown>): Named => {
  const over = axes.flatMap((name, i) => (variables.has(name) ? [i] : []))
  return named(tf.div(tensor, tf.sum(tensor, over, true)), axes)
}

/** One variable's probabilities, `[...plates, K]`. */
const marginal = (joint: Named, name: string, plates: ReadonlyArray<string>): tf.Tensor => {
  const others = joint.axes.filter((axis) => axis !== name && !plates.includes(axis))
  return along(others.reduce(sum, joint), [...plates, name])
}
