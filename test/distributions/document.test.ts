/** docs/distributions.md says what the code has: its tables are generated, and name every family that is exported. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "@effect/vitest"
import { withTables } from "../../scripts/distributions/document.ts"
import { members } from "../../scripts/distributions/members.ts"

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8")

it("has the tables that scripts/distributions.ts makes", () => {
  const markdown = read("docs/distributions.md")
  expect(withTables(markdown)).toBe(markdown)
})

it("names every family that is exported", () => {
  const exported = [
    ...read("src/index.ts").matchAll(/^export \{([^}]*)\} from "\.\/distributions\/(\w+)\.ts"/gm),
  ]
    .filter(([, , file]) => file !== "errors" && file !== "kl")
    .flatMap(([, names]) => names!.split(",").map((name) => name.trim()))
    .filter((name) => /^[A-Z]/.test(name))
  const named = new Set(members().map(({ name }) => name))
  expect(exported.length).toBeGreaterThan(40)
  expect(exported.filter((name) => !named.has(name))).toEqual([])
})
