/**
 * The house, kept true: reads the sources' import lines and words, and fails on what the design forbids. Imports
 * point down only; nothing in the library needs Node, hidden randomness, or a read of the device inside a step; no
 * file imports itself by a detour; no file outgrows a reader.
 */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"

/** What each layer may import, besides itself and the packages below. */
const below: Readonly<Record<string, ReadonlyArray<string>>> = {
  tensor: [],
  distributions: ["tensor"],
  effects: ["tensor", "distributions"],
  nn: ["tensor", "distributions", "effects"],
  data: ["tensor"],
  models: ["tensor", "distributions", "effects", "nn"],
  inference: ["tensor", "distributions", "effects", "nn", "data"],
}

/** The packages that the library stands on, and the layer that alone may use each (`undefined`: any). */
const packages: ReadonlyArray<readonly [name: RegExp, layer: string | undefined]> = [
  [/^effect(\/|$)/, undefined],
  [/^@tensorflow\/tfjs-core$/, undefined],
  [/^@tensorflow\/tfjs-backend-(cpu|wasm)(\/|$)/, "tensor"],
  [/^#gradients$/, "tensor"],
  [/^ml-kmeans$/, "models"],
  [/^fflate$/, "data"],
]

/** The only files that may ask whether there is a `process`: they look for Node's files where there is a Node. */
const mayAskForNode = /^(tensor\/(Backend|wasmModule)|data\/storage\/nodeFiles)\.ts$/

/** The files of inference/ that stand outside the step, where tensors may be read back. Any other is step code. */
const outsideTheStep =
  /^inference\/(autoguide\/(laplace|mode)|Loop|blame|fitSVI|importance|predictive|diagnostics|checkpoint\/freeze)\.ts$/

const longest = 300

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

/** Each `import … from`, `export … from`, bare `import "…"` and `import("…")` of a source without comments. */
const importsOf = (code: string): ReadonlyArray<Import> => {
  const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm
  const dynamic = /\bimport\(\s*["']([^"']+)["']/g
  return [
    ...[...code.matchAll(statement)].map((m) => ({ specifier: m[2]!, typeOnly: m[1] !== undefined })),
    ...[...code.matchAll(dynamic)].map((m) => ({ specifier: m[1]!, typeOnly: false })),
  ]
}

/** The source without comments; a "//" inside a string, as in a URL, stays. */
const withoutComments = (source: string): string =>
  source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, string: string | undefined) => string ?? " ",
  )

const layerOf = (file: string): string => (file.includes("/") ? file.split("/")[0]! : file)

/** What is wrong with one import of `file` (a path below src/), or nothing. */
const breach = (file: string, specifier: string): string | undefined => {
  const layer = layerOf(file)
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier)
    const reached = layerOf(target)
    if (!target.endsWith(".ts")) return `${file} imports ${specifier} without the extension .ts`
    if (layer === "index.ts" || reached === layer) return undefined
    if (below[layer] === undefined) return `${file} lies in a layer that the design does not have`
    if (!below[layer].includes(reached)) return `${file} (${layer}) imports ${target} (${reached})`
    return undefined
  }
  const known = packages.find(([name]) => name.test(specifier))
  if (known === undefined) return `${file} imports ${specifier}`
  return known[1] === undefined || known[1] === layer
    ? undefined
    : `${file} imports ${specifier}, which only ${known[1]}/ may`
}

/** Words that have no place in `file`. */
const forbiddenWords = (file: string, code: string): ReadonlyArray<string> => {
  const rules: ReadonlyArray<readonly [word: RegExp, applies: boolean]> = [
    [/\bMath\.random\b/, true],
    [/\btf\.(random\w*|truncatedNormal|multinomial|dropout)\b/, true],
    [/\b(process|Buffer|__dirname|__filename)\b\s*[.?[]|\brequire\s*\(/, !mayAskForNode.test(file)],
    [
      /\.(dataSync|arraySync|data|array|bytes)\(\)/,
      layerOf(file) === "nn" || (layerOf(file) === "inference" && !outsideTheStep.test(file)),
    ],
  ]
  return rules.flatMap(([word, applies]) => {
    const found = applies ? word.exec(code) : null
    return found === null ? [] : [`${file}: ${found[0]}`]
  })
}

/** A way from a file back to itself along run-time imports; type imports are erased and bind nothing. */
const cycleIn = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<string> | undefined => {
  const done = new Set<string>()
  const visit = (file: string, way: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of graph.get(file) ?? []) {
      const found = visit(next, [...way, file])
      if (found !== undefined) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const found = visit(file, [])
    if (found !== undefined) return found
  }
  return undefined
}

const root = fileURLToPath(new URL("../src/", import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))
  .map((file) => {
    const source = readFileSync(root + file, "utf8")
    const code = withoutComments(source)
    return { file, source, code, imports: importsOf(code) }
  })

describe("the layers", () => {
  it("are all there to be read", () => {
    const layers = new Set(sources.map(({ file }) => layerOf(file)))
    for (const layer of Object.keys(below)) expect([...layers]).toContain(layer)
    for (const { file, code, imports } of sources) {
      expect(layerOf(file) in below || file === "index.ts", file).toBe(true)
      // Were the reader blind to a form of import, the rules below would hold of nothing.
      if (/\bfrom "/.test(code)) expect(imports.length, file).toBeGreaterThan(0)
    }
  })

  it("import downward only", () => {
    const breaches = sources.flatMap(({ file, imports }) =>
      imports.flatMap(({ specifier }) => breach(file, specifier) ?? []),
    )
    expect(breaches).toEqual([])
  })

  it("have no import cycle", () => {
    const graph = new Map(
      sources.map(({ file, imports }) => [
        file,
        imports
          .filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly)
          .map(({ specifier }) => posix.join(posix.dirname(file), specifier)),
      ]),
    )
    expect(cycleIn(graph)?.join(" → ")).toBeUndefined()
  })

  it("use no Node, no hidden randomness, and read no tensor inside a step", () => {
    expect(sources.flatMap(({ file, code }) => forbiddenWords(file, code))).toEqual([])
  })

  it(`have no file above ${longest} lines`, () => {
    const long = sources
      .map(({ file, source }) => [file, source.trimEnd().split("\n").length] as const)
      .filter(([, lines]) => lines > longest)
    expect(long).toEqual([])
  })
})

describe("the reader of this test", () => {
  it("finds every form of import, and none in a comment or a string", () => {
    const source = `
      /** import { a } from "../inference/Elbo.ts" */
      // import "node:fs"
      import * as tf from "@tensorflow/tfjs-core"
      import type { B } from "./B.ts"
      import {
        type C,
        D,
      } from "./C.ts"
      import "#gradients"
      export * from "./E.ts"
      const text = "import x from 'y' // not a comment"
      const f = import("node:fs")
    `
    expect(importsOf(withoutComments(source))).toEqual([
      { specifier: "@tensorflow/tfjs-core", typeOnly: false },
      { specifier: "./B.ts", typeOnly: true },
      { specifier: "./C.ts", typeOnly: false },
      { specifier: "#gradients", typeOnly: false },
      { specifier: "./E.ts", typeOnly: false },
      { specifier: "node:fs", typeOnly: false },
    ])
  })

  it.each([
    ["tensor/Key.ts", "../distributions/Normal.ts"],
    ["distributions/Normal.ts", "../effects/run.ts"],
    ["effects/run.ts", "../nn/apply.ts"],
    ["effects/handlers/trace.ts", "../../inference/Elbo.ts"],
    ["nn/apply.ts", "../inference/Elbo.ts"],
    ["models/Vae.ts", "../inference/Elbo.ts"],
    ["inference/Elbo.ts", "../models/Vae.ts"],
    ["data/Idx.ts", "../distributions/Normal.ts"],
    ["nn/apply.ts", "../index.ts"],
    ["nn/apply.ts", "./mlp"],
    ["data/Idx.ts", "node:fs"],
    ["nn/apply.ts", "@tensorflow/tfjs-backend-cpu"],
    ["nn/apply.ts", "lodash"],
  ])("%s must not import %s", (file, specifier) => {
    expect(breach(file, specifier)).toContain(file)
  })

  it.each([
    ["inference/Elbo.ts", "../data/Dataset.ts"],
    ["inference/mcmc/hmc.ts", "../../effects/run.ts"],
    ["models/Vae.ts", "../nn/apply.ts"],
    ["index.ts", "./models/Vae.ts"],
    ["tensor/Backend.ts", "@tensorflow/tfjs-backend-cpu"],
    ["tensor/kernels/matmul.ts", "../errors.ts"],
    ["effects/run.ts", "effect/Effect"],
  ])("%s may import %s", (file, specifier) => {
    expect(breach(file, specifier)).toBeUndefined()
  })

  it.each([
    ["nn/init.ts", "const x = Math.random()"],
    ["nn/init.ts", "tf.randomNormal([2])"],
    ["data/Idx.ts", 'const fs = process.getBuiltinModule("node:fs")'],
    ["data/Idx.ts", "if (process?.versions) {}"],
    ["data/Idx.ts", 'require("fs")'],
    ["inference/Elbo.ts", "loss.dataSync()[0]"],
    ["inference/Optimizer.ts", "grad.arraySync()"],
    ["nn/apply.ts", "w.dataSync()"],
  ])("%s must not say %s", (file, code) => {
    expect(forbiddenWords(file, code)).toHaveLength(1)
  })

  it.each([
    ["tensor/wasmModule.ts", 'process?.getBuiltinModule?.("node:fs")'],
    ["data/storage/nodeFiles.ts", 'process.getBuiltinModule?.("node:fs/promises")'],
    ["inference/Loop.ts", "loss.dataSync()"],
    ["data/Idx.ts", "processed.length"],
    ["nn/apply.ts", "Key.normal(key, [2])"],
  ])("%s may say %s", (file, code) => {
    expect(forbiddenWords(file, code)).toEqual([])
  })

  it("finds a cycle, and none where files meet without one", () => {
    const graph = (edges: ReadonlyArray<string>) => {
      const out = new Map<string, Array<string>>()
      for (const edge of edges) out.set(edge[0]!, [...(out.get(edge[0]!) ?? []), edge[1]!])
      return out
    }
    expect(cycleIn(graph(["ab", "bc", "ca"]))).toEqual(["a", "b", "c", "a"])
    expect(cycleIn(graph(["ab", "ac", "bd", "cd"]))).toBeUndefined()
    expect(cycleIn(graph(["aa"]))).toEqual(["a", "a"])
  })
})
