/**
 * Builds `dist/`: one JavaScript module and one declaration file for each source file, so that a bundler can leave
 * out what an application does not import, and tfjs-core's gradients inlined beside them (see gradients.ts).
 */
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
rmSync(`${root}/dist`, { recursive: true, force: true })
execFileSync(process.execPath, ["scripts/gradients.ts"], { cwd: root, stdio: "inherit" })
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
})
