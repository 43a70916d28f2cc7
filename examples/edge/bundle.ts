/**
 * Makes the worker: one JavaScript file, tfjs's WebAssembly, a model's parameters, and a configuration for workerd
 * which allows no network at all.
 *
 * ```sh
 * node --conditions=guidepost-source examples/edge/bundle.ts out/vae.safetensors out/edge
 * ```
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { build, type Metafile } from "esbuild"

const files = { script: "worker.js", wasm: "tfjs-backend-wasm-simd.wasm", params: "vae.safetensors" }

/** What {@link bundle} made: the script's size in bytes, plain and compressed, and what is in it. */
export interface Bundle {
  readonly config: string
  readonly bytes: number
  readonly gzipped: number
  readonly metafile: Metafile
}

/** Writes the worker for the parameters in the file `params` into the folder `out`. */
export const bundle = async (params: string, out: string): Promise<Bundle> => {
  mkdirSync(out, { recursive: true })
  const { outputFiles, metafile } = await build({
    entryPoints: [join(import.meta.dirname, "worker.ts")],
    outfile: join(out, files.script),
    bundle: true,
    minify: true,
    format: "esm",
    // Not that a worker is a browser: for the packages whose code for Node is to be left out.
    platform: "browser",
    conditions: ["guidepost-source", "workerd", "worker", "module"],
    external: ["*.wasm", "*.safetensors"],
    metafile: true,
    write: false,
    logLevel: "warning",
  })
  const script = outputFiles[0]!.contents
  writeFileSync(join(out, files.script), script)
  const wasm = createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/wasm-out/${files.wasm}`)
  copyFileSync(wasm, join(out, files.wasm))
  copyFileSync(params, join(out, files.params))
  const config = join(out, "config.capnp")
  writeFileSync(config, workerd)
  return { config, bytes: script.length, gzipped: gzipSync(script, { level: 9 }).length, metafile }
}

// Before 2024-03-04 a worker has `importScripts`, and tfjs's loader takes it for a browser's.
const workerd = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = []))],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-06-01",
  modules = [
    (name = "${files.script}", esModule = embed "${files.script}"),
    (name = "${files.wasm}", wasm = embed "${files.wasm}"),
    (name = "${files.params}", data = embed "${files.params}"),
  ],
);
`

if (import.meta.main) {
  const [params = "out/vae.safetensors", out = "out/edge"] = process.argv.slice(2)
  const { config, bytes, gzipped } = await bundle(params, out)
  const kB = (n: number) => `${Math.round(n / 1000)} kB`
  console.log(`${files.script}: ${kB(bytes)}, ${kB(gzipped)} compressed`)
  console.log(`npx workerd serve ${config}`)
}
