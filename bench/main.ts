/**
 * The benchmarks: `npm run bench -- vae`, `overhead`, `distributions`, `em`, `chain` or `memory`, with `--json` for one line a case. A claim
 * here is a ratio between contenders that took turns in one run.
 */
import { chain } from "./chain.ts"
import { distributions } from "./distributions.ts"
import { em } from "./em.ts"
import { memory } from "./memory.ts"
import { overhead } from "./overhead.ts"
import { vae } from "./vae.ts"

const benches: Readonly<Record<string, (json: boolean) => Promise<void>>> = {
  vae,
  overhead,
  distributions,
  em,
  memory,
  chain,
}

const json = process.argv.includes("--json")
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"))
const unknown = names.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`)
  process.exit(1)
}
for (const name of names.length > 0 ? names : Object.keys(benches)) await benches[name]!(json)
