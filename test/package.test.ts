/**
 * The package as its users get it: packed, installed from the registry's peers in an empty folder, and there run by
 * plain Node (this one and the machine's own), type-checked, bundled, and judged by publint and are-the-types-wrong.
 * What runs is the README's first block of TypeScript.
 */
import { execFile } from "node:child_process"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { build, transform } from "esbuild"
import manifest from "../package.json" with { type: "json" }

const root = dirname(import.meta.dirname)
const folder = mkdtempSync(join(tmpdir(), "guidepost-package-"))
const installed = join(folder, "node_modules", "guidepost")
const tool = (file: string) => join(root, "node_modules", file)
const tsc = tool("typescript/bin/tsc")

const snippet = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? ""

/** Runs a program in the user's folder, as typed at a prompt: its exit code and all that it printed. */
const attempt = (command: string, args: ReadonlyArray<string>, cwd = folder) =>
  new Promise<{ readonly code: unknown; readonly output: string }>((resolve) => {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_local)/.test(name),
    )
    const options = { cwd, env: Object.fromEntries(inherited), maxBuffer: 1e8 }
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr })
    })
  })

/** As `attempt`, of what should succeed. */
const run = async (command: string, args: ReadonlyArray<string>, cwd = folder): Promise<string> => {
  const { code, output } = await attempt(command, args, cwd)
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}\n${output}`)
  return output
}

/** The machine's own Node, where it is another one than this. */
const ownNode = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((path) => !path.includes("node_modules"))
  .map((path) => join(path, "node"))
  .find((path) => existsSync(path) && realpathSync(path) !== realpathSync(process.execPath))

let tarball: string

beforeAll(async () => {
  await run("npm", ["pack", "--pack-destination", folder], root)
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz"))!)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  // The peers at the versions of this project, which npm's cache has from `npm ci`.
  const peers = Object.keys(manifest.peerDependencies) as Array<keyof typeof manifest.peerDependencies>
  const versions = peers.map((name) => `${name}@${manifest.devDependencies[name]}`)
  const options = ["--prefer-offline", "--no-audit", "--no-fund"]
  await run("npm", ["install", ...options, tarball, ...versions])
  writeFileSync(join(folder, "snippet.ts"), snippet)
  const { code } = await transform(snippet, { loader: "ts" })
  writeFileSync(join(folder, "snippet.mjs"), code)
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** 16 pixels that are 4 fair coins: no model does better than 4 ln 2, and one that knows nothing has 16 ln 2. */
const expectFit = (output: string) => {
  const elbo = Number(/ELBO of an image: (\S+) nats/.exec(output)?.[1])
  expect(elbo, output).toBeGreaterThan(-8)
  expect(elbo, output).toBeLessThan(-2.7)
}

describe("the README's snippet", () => {
  it("runs with plain Node", async () => {
    expectFit(await run(process.execPath, ["snippet.mjs"]))
  })

  it.skipIf(ownNode === undefined)("runs with the machine's own Node", async () => {
    expectFit(await run(ownNode!, ["snippet.mjs"]))
  })

  it("runs from a bundle", async () => {
    await build({
      entryPoints: [join(folder, "snippet.mjs")],
      outfile: join(folder, "bundle.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      // tfjs-core's file for Node is CommonJS and asks for built-ins.
      banner: {
        js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url)`,
      },
      logLevel: "silent",
    })
    expectFit(await run(process.execPath, ["bundle.mjs"]))
  })

  const check = async (source: string) => {
    writeFileSync(join(folder, "checked.ts"), source)
    const options = { strict: true, module: "nodenext", target: "es2024", noEmit: true, types: [] }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["checked.ts"] }),
    )
    const { output } = await attempt(process.execPath, [tsc, "-p", ".", "--pretty", "false"])
    // Libraries are checked too, of which tfjs's own and those of WebGPU do not pass.
    return output
      .split(/\n(?=\S)/)
      .filter((line) => /^(checked|node_modules\/(guidepost|effect)\/)/.test(line))
  }

  it("has the types that it should", async () => {
    expect(await check(snippet)).toEqual([])
  })

  it("does not compile with a guide that misses the model's site", async () => {
    const at = snippet.lastIndexOf(`sample("z"`)
    const errors = await check(`${snippet.slice(0, at)}sample("w"${snippet.slice(at + 10)}`)
    expect(errors.join("\n")).toContain(`"guide lacks latent sites of the model": "z"`)
  })
})

describe("the package", () => {
  it("imports no file that it does not have", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" })
    const broken = files.flatMap((file) => {
      if (!/^dist.*(\.js|\.d\.ts)$/.test(file) || file.endsWith("gradients.js")) return []
      const source = readFileSync(join(installed, file), "utf8")
      const relative = [...source.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g)].map(
        ([, path]) => path!,
      )
      // A declaration file names the source beside which it would lie.
      const found = (path: string) => (file.endsWith(".d.ts") ? path.replace(/\.ts$/, ".d.ts") : path)
      return relative.filter((path) => !existsSync(join(installed, dirname(file), found(path))))
    })
    expect(broken).toEqual([])
    expect(files).toContain(join("dist", "index.js"))
    expect(readdirSync(installed).sort()).toEqual(["LICENSE", "README.md", "dist", "package.json", "src"])
  })

  it("leaves out of a bundle what is not used", async () => {
    const { metafile } = await build({
      stdin: { contents: `import { Key } from "guidepost"; console.log(Key.key(0))`, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      metafile: true,
    })
    const [output] = Object.values(metafile.outputs)
    const kept = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    const names = kept.map(([file]) => file)
    expect(
      names.filter((file) => /tfjs-backend|guidepost\/dist\/(gradients|inference|models)/.test(file)),
    ).toEqual([])
    expect(names).toContainEqual(expect.stringMatching(/guidepost\/dist\/tensor\/Key\.js$/))
  })

  it("passes publint", async () => {
    await run(process.execPath, [tool(".bin/publint"), "run", tarball, "--strict"])
  })

  it("passes are-the-types-wrong", async () => {
    await run(process.execPath, [tool(".bin/attw"), tarball, "--profile", "esm-only"])
  })
})
