/**
 * What must not compile, and what the compiler must say about it. Each file in `fixtures/` is one small program. It
 * opens with lines `// expect: <text>`, each to be found in the compiler's message for that file; a file called
 * `ok-*` must compile, so that a harness that sees errors everywhere, or nowhere, fails.
 */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "@effect/vitest"

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, "../..")
const files = readdirSync(join(here, "fixtures")).filter((file) => file.endsWith(".ts"))

/** Messages by file of this folder; those about the library's own files are the business of `npm run check`. */
const compile = async (): Promise<ReadonlyMap<string, string>> => {
  const output = await new Promise<string>((resolve, reject) => {
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const args = [tsc, "-p", join(here, "tsconfig.json"), "--pretty", "false"]
    execFile(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      // Exit codes 1 and 2 mean that there are errors in the programs, which is what we are here for.
      error !== null && typeof error.code !== "number" ? reject(error) : resolve(stdout + stderr),
    )
  })
  const messages = new Map<string, string>()
  let file: string | undefined
  for (const line of output.split("\n")) {
    const start = /^(.*)\(\d+,\d+\): error /.exec(line)
    if (start !== null) file = /test[\\/]types[\\/](?:.*[\\/])?([^\\/]+)$/.exec(start[1]!)?.[1]
    if (file !== undefined && line !== "") messages.set(file, `${messages.get(file) ?? ""}${line}\n`)
  }
  return messages
}

const expectations = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(here, "fixtures", file), "utf8").matchAll(/^\/\/ expect: (.+)$/gm)].map((m) => m[1]!)

describe("programs that the compiler must judge", () => {
  let messages: ReadonlyMap<string, string> = new Map()
  beforeAll(async () => {
    messages = await compile()
  })

  it("has programs of both kinds, and nothing is wrong with what they share", () => {
    const good = files.filter((file) => file.startsWith("ok-"))
    expect(good.length).toBeGreaterThanOrEqual(5)
    expect(files.length - good.length).toBeGreaterThanOrEqual(20)
    expect(messages.get("programs.ts") ?? "").toBe("")
  })

  for (const file of files) {
    if (file.startsWith("ok-")) {
      it(`${file} compiles`, () => {
        expect(messages.get(file) ?? "").toBe("")
      })
    } else {
      it(`${file} does not compile, and says why`, () => {
        const texts = expectations(file)
        expect(texts.length, "a first line `// expect: …`").toBeGreaterThan(0)
        const message = messages.get(file) ?? ""
        for (const text of texts) expect(message).toContain(text)
        // One mistake, one error: a second one would be noise that hides the first.
        expect(message.match(/: error TS/g)).toHaveLength(1)
      })
    }
  }
})
