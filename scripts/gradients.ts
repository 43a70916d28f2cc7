/**
 * Inlines TensorFlow.js's gradient registrations into one file, `dist/gradients.js`.
 *
 * tfjs-core registers no gradient by itself, and the module that does, `dist/register_all_gradients`, has
 * extensionless imports that Node's ES modules cannot follow. Everything it touches (the engine, the kernel
 * and gradient registries) lives on `globalThis`, so a second copy of its code registers into the one engine.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const { outputFiles } = await build({
  stdin: {
    contents: `import "@tensorflow/tfjs-core/dist/register_all_gradients"`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  write: false,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  minifySyntax: true,
  treeShaking: true,
  logLevel: "warning",
})

const script = outputFiles[0]!.text
const file = fileURLToPath(new URL("../dist/gradients.js", import.meta.url))
if (!existsSync(file) || readFileSync(file, "utf8") !== script) {
  mkdirSync(fileURLToPath(new URL("../dist", import.meta.url)), { recursive: true })
  // In one go: what runs meanwhile sees the old file or the new one.
  writeFileSync(`${file}.new`, script)
  renameSync(`${file}.new`, file)
}
