/**
 * Summing discrete variables out of a product of tables, exactly: variable elimination with plates (F. Obermeyer,
 * E. Bingham, M. Jankowiak, J. Chiu, N. Pradhan, A. Rush and N. Goodman, "Tensor variable elimination for plated
 * factor graphs", ICML 2019, algorithm 1).
 *
 * A table is a log-density over some variables, one for each member of its plates. Variables inside a plate are summed
 * out member by member; what is left is then multiplied over the plate, which is to say summed in logarithms, and
 * counted `scale` times where only some of the members are present.
 *
 * ```ts
 * eliminate([prior, likelihood], { plates, keep: new Set() })   // log p(x), of no axes
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import { add, logSumExp, type Named, named, sum } from "../../tensor/Named.ts"
import { alongChain, type Previous, statesOf } from "./chain.ts"

/** A log-density over variables and the members of its plates: the axes are named by either. */
export interface Table extends Named {
  /** The names of its plates, a subset of the axes. */
  readonly plates: ReadonlyArray<string>
  /** Multiplies the whole of what the table takes part in. */
  readonly scale: number
  /** The site that it is the density of; of a product, the first. */
  readonly site: string
  /** The tables that it is made of, where it is not one site's. */
  readonly parts?: ReadonlyArray<Table>
}

/** What {@link eliminate} must know besides. */
export interface Elimination {
  /** How many times each member of a plate counts. */
  readonly plateScale: ReadonlyMap<string, number>
  /** The plates of each variable. */
  readonly variables: ReadonlyMap<string, ReadonlyArray<string>>
  /** Variables that are other ones' values at the step before, in a `scan`; default none. */
  readonly previous?: ReadonlyMap<string, Previous>
  /** Variables that stay. */
  readonly keep: ReadonlySet<string>
  /** Plates that are not multiplied over where nothing that is summed out makes it necessary; default none. */
  readonly apart?: ReadonlySet<string>
}

/**
 * The tables that remain when all variables but those to `keep` are summed out: each over kept variables only, and
 * over the plates of these and those to keep `apart`. Throws `SiteMismatch` where a sum would have to run over several
 * plates' members at once, which has no such form, or where sites that meet in a sum are scaled differently.
 */
export const eliminate = (tables: ReadonlyArray<Table>, given: Elimination): ReadonlyArray<Table> => {
  const isSettled = (table: Table) => variablesOf(table, given).every((name) => given.keep.has(name))
  const settle = (table: Table) =>
    overPlates(table, new Set([...platesOf(table, given), ...(given.apart ?? [])]), given)
  const results = tables.filter(isSettled).map(settle)
  let open = tables.filter((table) => !isSettled(table))
  while (open.length > 0) {
    const leaf = deepest(open)
    const here = open.filter((table) => samePlates(table.plates, leaf))
    open = open.filter((table) => !samePlates(table.plates, leaf))
    for (const component of components(here, (name) => sharedAs(name, leaf, given))) {
      const reduced = sumOut(component, leaf, given)
      if (isSettled(reduced)) {
        results.push(settle(reduced))
        continue
      }
      const outer = platesOf(reduced, given)
      if (leaf.every((plate) => outer.has(plate))) {
        throw intractable(component, variablesOf(reduced, given))
      }
      open = [...open, overPlates(reduced, outer, given)]
    }
  }
  return results
}

/** Whether a variable is to be summed out within these plates and no others. */
const isLocal = (name: string, leaf: ReadonlyArray<string>, { variables, keep }: Elimination): boolean => {
  const plates = variables.get(name)
  return plates !== undefined && !keep.has(name) && samePlates(plates, leaf)
}

/** What a variable that is to be summed out here ties tables together by: a state and the one before it are one. */
const sharedAs = (name: string, leaf: ReadonlyArray<string>, given: Elimination): string | undefined =>
  isLocal(name, leaf, given) ? (given.previous?.get(name)?.of ?? name) : undefined

/** The sites that had a part in a table, those that were summed out too. */
export const sitesOf = (table: Table): ReadonlySet<string> => {
  const found = new Set<string>()
  const open = [table]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.parts === undefined) found.add(next.site)
    else open.push(...next.parts)
  }
  return found
}

const variablesOf = (table: Table, { variables }: Elimination): ReadonlyArray<string> =>
  table.axes.filter((name) => variables.has(name))

/** The plates of a table's variables. */
const platesOf = (table: Table, given: Elimination): ReadonlySet<string> =>
  new Set(variablesOf(table, given).flatMap((name) => given.variables.get(name)!))

/** The product of a component, its local variables summed out one by one, those in the smallest tables first. */
const sumOut = (component: ReadonlyArray<Table>, leaf: ReadonlyArray<string>, given: Elimination): Table => {
  const tables = new Set(component)
  const isHere = (name: string) => isLocal(name, leaf, given)
  const states = statesOf(component, isHere, given.previous)
  // Each local variable with the tables that it is in: a search of all for each would be cubic in a chain's length.
  const holders = new Map<string, Set<Table>>()
  const enter = (table: Table) => {
    tables.add(table)
    for (const name of table.axes) {
      if (!isLocal(name, leaf, given) || states.has(name)) continue
      const known = holders.get(name) ?? new Set()
      holders.set(name, known.add(table))
    }
  }
  for (const table of component) enter(table)
  const size = (name: string) => new Set([...holders.get(name)!].flatMap(({ axes }) => axes)).size
  while (holders.size > 0) {
    let next: string | undefined
    let least = Number.POSITIVE_INFINITY
    for (const name of holders.keys()) {
      const own = size(name)
      if (own < least) [next, least] = [name, own]
      // No table is smaller than one over the variable, its plates and one other.
      if (least <= leaf.length + 2) break
    }
    const touching = [...holders.get(next!)!]
    for (const table of touching) {
      tables.delete(table)
      for (const name of table.axes) holders.get(name)?.delete(table)
    }
    holders.delete(next!)
    const joint = product(touching)
    enter({ ...joint, ...logSumExp(joint, next!) })
  }
  const joint = product([...tables])
  return states.size === 0 ? joint : { ...joint, ...alongChain(joint, states, given.previous!) }
}

/** The product of tables with the same plates. */
const product = (tables: ReadonlyArray<Table>): Table => {
  const [first, ...others] = tables as [Table, ...Array<Table>]
  const other = others.find(({ scale }) => scale !== first.scale)
  if (other !== undefined) {
    throw new SiteMismatch({
      reason: "sites that share a variable that is summed out must be scaled alike, and these are not:",
      sites: [first.site, other.site],
    })
  }
  return others.length === 0 ? first : { ...first, ...add(tables), parts: tables }
}

/** The product over the members of all plates but `outer`. */
const overPlates = (table: Table, outer: ReadonlySet<string>, { plateScale }: Elimination): Table => {
  let reduced: Table = table
  for (const plate of table.plates) {
    if (outer.has(plate)) continue
    const summed = sum(reduced, plate)
    const scale = plateScale.get(plate) ?? 1
    reduced = {
      ...reduced,
      ...(scale === 1 ? summed : named(tf.mul(summed.tensor, scale), summed.axes)),
      plates: reduced.plates.filter((name) => name !== plate),
    }
  }
  return reduced
}

/** The plates of a table that are not inside another's. */
const deepest = (tables: ReadonlyArray<Table>): ReadonlyArray<string> =>
  tables.reduce((most, { plates }) => (plates.length > most.length ? plates : most), tables[0]!.plates)

const samePlates = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((plate) => b.includes(plate))

/** The tables in groups that share local variables. */
const components = (
  tables: ReadonlyArray<Table>,
  shared: (name: string) => string | undefined,
): ReadonlyArray<ReadonlyArray<Table>> => {
  const groups: Array<{ readonly tables: Array<Table>; readonly names: Set<string> }> = []
  for (const table of tables) {
    const names = table.axes.flatMap((name) => shared(name) ?? [])
    const touching = groups.filter((group) => names.some((name) => group.names.has(name)))
    const merged = {
      tables: [...touching.flatMap((group) => group.tables), table],
      names: new Set([...touching.flatMap((group) => [...group.names]), ...names]),
    }
    for (const group of touching) groups.splice(groups.indexOf(group), 1)
    groups.push(merged)
  }
  return groups.map((group) => group.tables)
}

const intractable = (component: ReadonlyArray<Table>, variables: ReadonlyArray<string>): SiteMismatch =>
  new SiteMismatch({
    reason: `no exact sum: within the plates of ${component.map(({ site }) => `"${site}"`).join(", ")} there is no end to`,
    sites: variables,
  })
