/** Sites as a graph in the DOT language, which Graphviz draws. */
import type { InspectedSite } from "../inspect.ts"
import { type Box, boxed, caption, identifiers, indented } from "./graph.ts"

/** The digraph, without a newline at its end. */
export const dot = (sites: ReadonlyArray<InspectedSite>): string => {
  const ids = identifiers(sites)
  let boxes = 0
  const inside = ({ sites, boxes: inner }: Box): ReadonlyArray<string> => [
    ...sites.map((site) => `${ids.get(site.name)} [${attributes(site)}]`),
    ...[...inner.values()].flatMap((box) => [
      `subgraph cluster_${boxes++} {`,
      ...indented([`label="${quoted(box.label)}"`, ...inside(box)]),
      "}",
    ]),
  ]
  const arrows = sites.flatMap(({ name, dependsOn }) =>
    dependsOn.map((parent) => `${ids.get(parent)} -> ${ids.get(name)}`),
  )
  return ["digraph {", ...indented([...inside(boxed(sites)), ...arrows]), "}"].join("\n")
}

const shapes = {
  latent: "ellipse",
  observed: "ellipse",
  factor: "hexagon",
  deterministic: "component",
  param: "box",
}

const attributes = (site: InspectedSite): string => {
  const label = `label="${caption(site).map(quoted).join("\\n")}", shape=${shapes[site.kind]}`
  return site.kind === "observed" ? `${label}, style=filled, fillcolor=gray80` : label
}

const quoted = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
