/** Sites as a flowchart of Mermaid, which Markdown viewers draw. */
import type { InspectedSite } from "../inspect.ts"
import { type Box, boxed, caption, identifiers, indented } from "./graph.ts"

/** The flowchart, without a newline at its end. */
export const mermaid = (sites: ReadonlyArray<InspectedSite>): string => {
  const ids = identifiers(sites)
  let boxes = 0
  const inside = ({ sites, boxes: inner }: Box): ReadonlyArray<string> => [
    ...sites.map((site) => node(ids.get(site.name)!, site)),
    ...[...inner.values()].flatMap((box) => [
      `subgraph p${boxes++}["${quoted(box.label)}"]`,
      ...indented(inside(box)),
      "end",
    ]),
  ]
  const arrows = sites.flatMap(({ name, dependsOn }) =>
    dependsOn.map((parent) => `${ids.get(parent)} --> ${ids.get(name)}`),
  )
  const observed = sites.filter(({ kind }) => kind === "observed").map(({ name }) => ids.get(name))
  return [
    "flowchart TD",
    ...indented([
      ...inside(boxed(sites)),
      ...arrows,
      ...(observed.length === 0
        ? []
        : ["classDef observed fill:#ccc,color:#000", `class ${observed.join(",")} observed`]),
    ]),
  ].join("\n")
}

const node = (id: string, site: InspectedSite): string => {
  const text = `"${caption(site).map(quoted).join("<br>")}"`
  switch (site.kind) {
    case "param":
      return `${id}[${text}]`
    case "deterministic":
      return `${id}[[${text}]]`
    case "factor":
      return `${id}{{${text}}}`
    default:
      return `${id}((${text}))`
  }
}

/** Mermaid's own way to write what would end a text or begin a tag. */
const quoted = (text: string): string =>
  text.replaceAll("#", "#35;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;")
