/**
 * What the two pictures share: sites by the plates that enclose them, and names that every tool can read.
 */
import type { InspectedSite } from "../inspect.ts"
import { numbers, plateText } from "./table.ts"

/** A plate's box: the sites that lie in it and in no plate further in, and the boxes further in. */
export interface Box {
  readonly label: string
  readonly sites: Array<InspectedSite>
  readonly boxes: Map<string, Box>
}

/** The outermost box, which is no plate. */
export const boxed = (sites: ReadonlyArray<InspectedSite>): Box => {
  const root: Box = { label: "", sites: [], boxes: new Map() }
  for (const site of sites) {
    let box = root
    for (const plate of site.plates) {
      const next = box.boxes.get(plate.name) ?? { label: plateText(plate), sites: [], boxes: new Map() }
      box.boxes.set(plate.name, next)
      box = next
    }
    box.sites.push(site)
  }
  return root
}

/** An identifier for each site: a name may hold anything. */
export const identifiers = (sites: ReadonlyArray<InspectedSite>): ReadonlyMap<string, string> =>
  new Map(sites.map(({ name }, i) => [name, `s${i}`]))

/** What stands in a node. */
export const caption = ({ name, family, count }: InspectedSite): ReadonlyArray<string> => [
  name,
  ...(family === undefined ? [] : [family]),
  ...(count === undefined ? [] : [numbers(count)]),
]

/** Lines, each further in. */
export const indented = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.map((line) => `  ${line}`)
