/** Sites as a text table: one line each, columns as wide as they must be. */
import * as Shape from "../../tensor/Shape.ts"
import type { InspectedSite } from "../inspect.ts"

const head = ["site", "kind", "distribution", "support", "plates", "batch", "event", "depends on"]

/** The table, without a newline at its end. */
export const table = (sites: ReadonlyArray<InspectedSite>): string => {
  const rows = [head, ...sites.map(cells)]
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

const cells = (site: InspectedSite): ReadonlyArray<string> => [
  site.name,
  site.masked ? `${site.kind}, masked` : site.kind,
  site.count !== undefined ? numbers(site.count) : (site.family ?? "—"),
  site.support === undefined ? "—" : site.gradient === "score" ? `${site.support}, no path` : site.support,
  site.plates.map(plateText).join(", ") || "—",
  Shape.format(site.batchShape),
  Shape.format(site.eventShape),
  site.dependsOn.join(", ") || "—",
]

/** A plate's name and size, and how many of its members are present where not all are. */
export const plateText = ({ name, size, extent }: InspectedSite["plates"][number]): string =>
  extent === size ? `${name} ${size}` : `${name} ${extent} of ${size}`

/** How many scalars a parameter has. */
export const numbers = (count: number): string =>
  count === 1 ? "1 number" : `${count.toLocaleString("en")} numbers`
