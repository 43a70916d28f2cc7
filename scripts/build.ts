/**
 * Builds `dist/`: one JavaScript module and one declaration file for each source file, so that a bundler can leave
 * out what an application does not import, and tfjs-core's gradients inlined beside them (see gradients.ts).
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
mkdirSync(`${root}/dist`, { recursive: true })
// The gradients stay: programs that run from `src/` meanwhile, such as tests, import them from here.
for (const name of readdirSync(`${root}/dist`)) {
  if (name !== "gradients.js") rmSync(`${root}/dist/${name}`, { recursive: true })
}
for (const args of [
  ["scripts/gradients.ts"],
  ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"],
]) {
  execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" })
}
