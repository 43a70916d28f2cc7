/**
 * The evidence of a model with every finite discrete site summed out, and what is known of these sites given the data:
 * the derivative of the log-evidence in a log-table is the posterior probability of its cells.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type EnumerationOptions, enumeration, type Room } from "../../effects/handlers/enumerate.ts"
import type { Axis, Handler, SampleSite } from "../../effects/Interpreter.ts"
import type { Recording, RunOptions } from "../../effects/run.ts"
import type { Previous } from "./chain.ts"
import { type Elimination, eliminate, type Table } from "./eliminate.ts"
import { factorTable, plateScales, siteTable } from "./tables.ts"

/** A run in which some sites had all their values. */
export interface Enumerated {
  readonly recording: Recording
  readonly axes: ReadonlyArray<Axis>
  /** How many batch dimensions were left to its plates, and how many they take. */
  readonly depth: number
  readonly deepest: number
}

/**
 * Runs a program with the sites that `choose` picks enumerated. `depth` is a guess of how many batch dimensions the
 * plates take; where there are more, the program is run again.
 */
export const runEnumerated = (
  program: (options: RunOptions) => Recording,
  options: RunOptions,
  choose: (site: SampleSite, room: Room) => boolean,
  given: EnumerationOptions,
): Enumerated => {
  const attempt = (depth: number) => {
    const { handler, enumerated, deepest } = enumeration(choose, { ...given, depth })
    const handlers: ReadonlyArray<Handler> = [handler, ...(options.handlers ?? [])]
    try {
      return { recording: program({ ...options, handlers }), enumerated, deepest: deepest() }
    } catch (thrown) {
      // A plate where variables stand makes shapes that do not fit.
      if (deepest() > depth) return { deepest: deepest() }
      throw thrown
    }
  }
  for (let depth = given.depth; ; ) {
    const { recording, enumerated, deepest } = attempt(depth)
    if (recording !== undefined && deepest <= depth)
      return { recording, axes: [...enumerated.values()], depth, deepest }
    depth = deepest
  }
}

/** Everything that a recording scores, as tables; `kept` are variables that are not summed out. */
export const tablesOf = (
  recording: Recording,
  kept: ReadonlySet<string> = new Set(),
): ReadonlyArray<Table> => [
  ...[...recording.samples.values()].map((site) => siteTable(site, kept.has(site.name) ? false : undefined)),
  ...[...recording.factors.values()].map(factorTable),
]

/** What {@link eliminate} needs to know of recordings whose variables are `axes`. */
export const structure = (
  recordings: ReadonlyArray<Recording>,
  axes: ReadonlyArray<Axis>,
  keep: ReadonlySet<string> = new Set(),
): Elimination => {
  // As they stand in a tensor, the leftmost first.
  const plates = (name: string) => {
    const site = recordings.map(({ samples }) => samples.get(name)).find((site) => site !== undefined)
    return site!.plates.toSorted((a, b) => a.dim - b.dim).map((plate) => plate.name)
  }
  const previous = previousOf(recordings)
  const before = [...previous].filter(([, { of }]) => keep.has(of)).map(([name]) => name)
  return {
    plateScale: new Map(recordings.flatMap((recording) => [...plateScales(recording)])),
    variables: new Map([
      ...axes.map(({ name }) => [name, plates(name)] as const),
      ...[...previous].map(([name, { of }]) => [name, plates(of)] as const),
    ]),
    previous,
    keep: new Set([...keep, ...before]),
  }
}

/** The variables that are other ones' values at the step before, by name. */
const previousOf = (recordings: ReadonlyArray<Recording>): Elimination["previous"] & {} => {
  const found = new Map<string, Previous>()
  for (const { samples } of recordings) {
    for (const { axes } of samples.values()) {
      for (const { name, previous } of axes) {
        if (previous === undefined || found.has(name)) continue
        const along = samples.get(previous)!.plates.find(({ isChain }) => isChain)!.name
        found.set(name, { of: previous, along })
      }
    }
  }
  return found
}

/** Σ of what remains when all variables are summed out: the log-evidence, a scalar. */
export const logEvidenceOf = (tables: ReadonlyArray<Table>, given: Elimination): tf.Tensor =>
  eliminate(tables, given).reduce<tf.Tensor>(
    (total, { tensor, scale }) => tf.add(total, scale === 1 ? tensor : tf.mul(tensor, scale)),
    tf.scalar(0),
  )
