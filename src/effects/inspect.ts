/**
 * What a program is, from one run of it: its sites in order, their shapes, sets, plates, and what each depends on.
 *
 * ```ts
 * const seen = yield* inspect(model(images))
 * yield* Console.log(seen.table())   // one line a site
 * seen.mermaid()                     // a picture, for Markdown
 * seen.dot()                         // a picture, for Graphviz
 * ```
 *
 * What a site depends on is read off the tensors: the sites and parameters nearest to it on the way back through every
 * operation (as Pyro's `get_dependencies`, which follows a mark through each tensor). What a program decides on the host,
 * by reading a value and branching on it, cannot be seen.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Distribution, Gradient } from "../distributions/Distribution.ts"
import type { Backend } from "../tensor/Backend.ts"
import * as Key from "../tensor/Key.ts"
import { type Ancestors, recorded } from "../tensor/provenance.ts"
import type { Shape } from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import type { ProgramError } from "./errors.ts"
import { atParams } from "./handlers/substitute.ts"
import type { Handler, PlateFrame } from "./Interpreter.ts"
import { dot } from "./inspect/dot.ts"
import { mermaid } from "./inspect/mermaid.ts"
import { table } from "./inspect/table.ts"
import type { Params, Rest } from "./Program.ts"
import { attempt, type Recording, run } from "./run.ts"

/** One site of an {@link Inspection}. */
export interface InspectedSite {
  readonly name: string
  readonly kind: "latent" | "observed" | "factor" | "deterministic" | "param"
  /** Of a latent or observed site: `Normal`, or `Independent(Normal)` where it rearranges another. */
  readonly family?: string
  /** The set that its value lies in. */
  readonly support?: string
  /** Of a latent site: whether its draws are differentiable. */
  readonly gradient?: Gradient
  readonly batchShape: Shape
  readonly eventShape: Shape
  /** Outermost first. */
  readonly plates: ReadonlyArray<PlateFrame>
  /** Whether a mask leaves some of it out. */
  readonly masked: boolean
  /** The scalars of a parameter. */
  readonly count?: number
  /** Sites and parameters that it is computed from, without another in between. */
  readonly dependsOn: ReadonlyArray<string>
}

/** What a program is, and three ways to show it. */
export interface Inspection {
  /** In the order in which the program comes to them. */
  readonly sites: ReadonlyArray<InspectedSite>
  /** One line a site, in columns. */
  readonly table: () => string
  /** A `flowchart` of Mermaid: latent sites round, observed ones filled, plates as boxes. */
  readonly mermaid: () => string
  /** A `digraph` of Graphviz, drawn alike. */
  readonly dot: () => string
}

/** How {@link inspect} runs its program. */
export interface InspectOptions<R> {
  /** What it draws with; default `Key.key(0)`. */
  readonly key?: Key.Key
  /** Values of parameters; all or none: without them each starts at its `init`. */
  readonly params?: Params<R>
}

/** Runs the program once. Fails with a `ProgramError`, or as the program itself fails. No tensor is left. */
export const inspect = Effect.fnUntraced(function* <A, E, R>(
  program: Effect.Effect<A, E, R>,
  options: InspectOptions<R> = {},
): Effect.fn.Return<Inspection, E | ProgramError, Rest<R> | Backend> {
  const context = yield* Effect.context<Rest<R>>()
  const sites = yield* attempt<ReadonlyArray<InspectedSite>, E>(() => {
    let found: ReadonlyArray<InspectedSite> = []
    tf.tidy(() => {
      const order: Array<string> = []
      found = recorded(
        () =>
          run(program, context as never, {
            key: options.key ?? Key.key(0),
            handlers: [listing(order), ...atParams(options.params)],
            validate: true,
          }),
        (recording, ancestors) => describe(recording, order, ancestors),
      )
    })
    return found
  })
  return { sites, table: () => table(sites), mermaid: () => mermaid(sites), dot: () => dot(sites) }
})

/** Notes the names of sites as the program comes to them. */
const listing =
  (order: Array<string>): Handler =>
  (outer) => {
    const noted =
      <S extends { readonly name: string }, T>(ask: (site: S) => T) =>
      (site: S): T => {
        const answer = ask(site)
        if (!order.includes(site.name)) order.push(site.name)
        return answer
      }
    return {
      ...outer,
      sample: noted(outer.sample),
      factor: noted(outer.factor),
      deterministic: noted(outer.deterministic),
      param: noted(outer.param),
    }
  }

const describe = (
  recording: Recording,
  order: ReadonlyArray<string>,
  ancestors: Ancestors,
): ReadonlyArray<InspectedSite> => {
  const owners = new Map<number, string>()
  for (const { name, value, observed } of recording.samples.values())
    if (!observed) owners.set(value.id, name)
  for (const { name, value } of recording.deterministics.values()) {
    // What a deterministic site is given may be another site's own tensor.
    if (!owners.has(value.id)) owners.set(value.id, name)
  }
  for (const { name, value } of recording.params.values())
    for (const leaf of Tree.leaves(value)) owners.set(leaf.id, name)
  const marked = new Set(owners.keys())
  const dependsOn = (name: string, tensors: ReadonlyArray<tf.Tensor>): ReadonlyArray<string> => {
    const others = new Set([...marked].filter((id) => owners.get(id) !== name))
    const found = new Set(
      tensors.flatMap((tensor) => [...ancestors(tensor, others)].map((id) => owners.get(id)!)),
    )
    return order.filter((other) => found.has(other))
  }
  return order.flatMap((name): ReadonlyArray<InspectedSite> => {
    const sample = recording.samples.get(name)
    if (sample !== undefined) {
      const { distribution, observed, plates, mask, value } = sample
      const { family, support, gradient, batchShape, eventShape } = distribution
      const parents = dependsOn(name, [distribution.logProb(value), ...(mask === undefined ? [] : [mask])])
      return [
        {
          name,
          kind: observed ? "observed" : "latent",
          family: fullName(distribution, family),
          support: support.name,
          ...(!observed && { gradient }),
          batchShape,
          eventShape,
          plates,
          masked: mask !== undefined,
          dependsOn: parents,
        },
      ]
    }
    const factor = recording.factors.get(name)
    if (factor !== undefined) {
      const { logWeight, plates, mask } = factor
      return [
        plain(name, "factor", logWeight.shape, plates, mask !== undefined, dependsOn(name, [logWeight])),
      ]
    }
    const deterministic = recording.deterministics.get(name)
    if (deterministic !== undefined) {
      const { value } = deterministic
      return [plain(name, "deterministic", value.shape, [], false, dependsOn(name, [value]))]
    }
    const param = recording.params.get(name)
    if (param === undefined) return []
    const { value, support } = param
    const shape = Tree.isTensor(value) ? value.shape : []
    return [
      { ...plain(name, "param", shape, [], false, []), support: support.name, count: Tree.count(value) },
    ]
  })
}

const plain = (
  name: string,
  kind: "factor" | "deterministic" | "param",
  batchShape: Shape,
  plates: ReadonlyArray<PlateFrame>,
  masked: boolean,
  dependsOn: ReadonlyArray<string>,
): InspectedSite => ({ name, kind, batchShape, eventShape: [], plates, masked, dependsOn })

const fullName = ({ base }: Distribution, family: string): string =>
  base === undefined ? family : `${family}(${fullName(base, base.family)})`
