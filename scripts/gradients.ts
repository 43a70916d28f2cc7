/**
 * Inlines TensorFlow.js's gradient registrations into one file, `dist/gradients.js`.
 *
 * tfjs-core registers no gradient by itself, and the module that does, `dist/register_all_gradients`, has
 * extensionless imports that Node's ES modules cannot follow. Everything it touches (the engine, the kernel
 * and gradient registries) lives on `globalThis`, so a second copy of its code registers into the one engine.
 */
import { build } from "esbuild"

await build({
  stdin: {
    contents: `import "@tensorflow/tfjs-core/dist/register_all_gradients"`,
    resolveDir: import.meta.dirname,
  },
  outfile: new URL("../dist/gradients.js", import.meta.url).pathname,
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  minifySyntax: true,
  treeShaking: true,
  logLevel: "warning",
})
