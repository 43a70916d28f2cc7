/**
 * Summing the states of a `scan` out of a product of tables: the sum over all paths, by `tensor/chain`. A state is one or
 * several variables; the table has each, and its value at the step before, as axes.
 */
import * as tf from "@tensorflow/tfjs-core"
import { chainLogSum } from "../../tensor/chain.ts"
import { along, type Named, named } from "../../tensor/Named.ts"
import type { Table } from "./eliminate.ts"

/** What a variable is the value of at the step before, and along which plate the steps are. */
export interface Previous {
  readonly of: string
  readonly along: string
}

/** The variables of tables, among those that are summed out here, that are states of a scan or such at the step before. */
export const statesOf = (
  tables: ReadonlyArray<Table>,
  isHere: (name: string) => boolean,
  previous: ReadonlyMap<string, Previous> = new Map(),
): ReadonlySet<string> => {
  const axes = new Set(tables.flatMap((table) => table.axes.filter(isHere)))
  const pairs = [...previous].filter(([name, { of }]) => axes.has(name) || axes.has(of))
  return new Set(pairs.flatMap(([name, { of }]) => [name, of]))
}

/** The sum over all paths of the states: states and steps vanish. */
export const alongChain = (
  table: Table,
  states: ReadonlySet<string>,
  previous: ReadonlyMap<string, Previous>,
): Pick<Table, "tensor" | "axes" | "plates"> => {
  const before = [...previous.keys()].filter((name) => states.has(name))
  const steps = previous.get(before[0]!)!.along
  const rest = table.axes.filter((name) => name !== steps && !states.has(name))
  return {
    ...named(chainLogSum(chainTable(table, rest, before, previous)), rest),
    plates: table.plates.filter((name) => name !== steps),
  }
}

/** A table as `[...rest, T, K, K]`, over the states before and the states. */
export const chainTable = (
  table: Named,
  rest: ReadonlyArray<string>,
  before: ReadonlyArray<string>,
  previous: ReadonlyMap<string, Previous>,
): tf.Tensor => {
  const now = before.map((name) => previous.get(name)!.of)
  const ordered = along(table, [...rest, previous.get(before[0]!)!.along, ...before, ...now])
  const members = ordered.shape.slice(0, rest.length + 1)
  const sizes = now.map((name) => sizeOf(table, name))
  const count = sizes.reduce((product, size) => product * size, 1)
  // A table that does not depend on the state before has no axis for it.
  const full = tf.broadcastTo(ordered, [...members, ...sizes, ...sizes])
  return tf.reshape(full, [...members, count, count])
}

const sizeOf = ({ tensor, axes }: Named, name: string): number => tensor.shape[axes.indexOf(name)]!
