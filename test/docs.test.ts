/** Every TypeScript block in the README and in docs/ runs, and type-checks, as it stands. */
import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { afterAll, beforeAll } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = `${root}/out/snippets`
const documents = ["README.md", ...readdirSync(`${root}/docs`).map((file) => `docs/${file}`)].filter((file) =>
  file.endsWith(".md"),
)

const snippets = documents.flatMap((file) =>
  [...readFileSync(`${root}/${file}`, "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map((match, i) => ({
    name: `${file} block ${i + 1}`,
    path: `${folder}/${file.replaceAll(/\W/g, "-")}-${i + 1}.ts`,
    code: match[1]!,
  })),
)

const run = promisify(execFile)

describe("snippets", () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    for (const { path, code } of snippets) writeFileSync(path, code)
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"], exclude: [] }),
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("are there", () => expect(snippets.length).toBeGreaterThan(0))

  it.each(snippets)("$name runs", async ({ path }) => {
    const { stdout } = await run(process.execPath, ["--conditions=guidepost-source", path], { cwd: root })
    expect(stdout).not.toBe("")
  })

  it("type-check", async () => {
    await run(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, "-p", folder], { cwd: root })
  })
})
