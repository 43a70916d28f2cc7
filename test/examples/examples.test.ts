/**
 * The five short programs, each run as a newcomer runs it. What they print is compared with exact answers that were
 * reached in another way (test/goldens/examples.py); and each is run once with its fit cut short, when it must fail.
 * Seeds are fixed: nothing here is left to chance.
 */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import answers from "../goldens/examples.json" with { type: "json" }

const root = fileURLToPath(new URL("../..", import.meta.url))
const sourceOf = (name: string) => readFileSync(`${root}/examples/${name}.ts`, "utf8")

interface Ended {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

const node = (...args: ReadonlyArray<string>) =>
  new Promise<Ended>((resolve) => {
    const options = { cwd: root, timeout: 110_000 }
    execFile(process.execPath, ["--conditions=guidepost-source", ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })

/** The numbers of a line: those found, and those after the word "exact". */
const numbersOf = (line: string) =>
  line.split("exact").map((part) => (part.match(/-?\d+\.\d+/g) ?? []).map(Number))

/** Each printed line: what it starts with, the exact numbers, how near the ones found must be, and the digits shown. */
interface Line {
  readonly start: string
  readonly exact: ReadonlyArray<number>
  readonly within: number
  readonly digits: number
}

const lines = (
  starts: ReadonlyArray<string>,
  exact: ReadonlyArray<number>,
  within: number,
  digits: number,
): ReadonlyArray<Line> => starts.map((start, i) => ({ start, exact: [exact[i]!], within, digits }))

const table: Readonly<Record<string, ReadonlyArray<Line>>> = {
  "linear-regression": lines(
    ["slope", "  deviation", "intercept", "  deviation", "log p(y)"],
    answers["linear-regression"],
    0.02,
    3,
  ),
  "eight-schools": lines(["log p(y)", "mu", "tau", ..."ABCDEFGH"], answers["eight-schools"], 0.3, 2),
  "robust-regression": lines(
    ["slope", "intercept", "deviation of slope", "of intercept"],
    answers["robust-regression"],
    0.01,
    3,
  ),
  "amortized-guide": answers["amortized-guide"].map(({ answers, ability }) => ({
    start: answers,
    exact: ability,
    within: 0.1,
    digits: 2,
  })),
  "service-and-failure": [
    { start: "mercury:", exact: answers["service-and-failure"], within: 0.02, digits: 2 },
  ],
}

for (const [name, expected] of Object.entries(table)) {
  describe(`examples/${name}.ts`, () => {
    it("prints answers that agree with the exact ones", { timeout: 120_000 }, async () => {
      const { code, stdout, stderr } = await node(`examples/${name}.ts`)
      expect(stderr).toBe("")
      expect(code).toBe(0)
      const printed = stdout.split("\n")
      for (const [i, { start, exact, within, digits }] of expected.entries()) {
        expect(printed[i]!.startsWith(start), printed[i]).toBe(true)
        const [found, shown] = numbersOf(printed[i]!)
        expect(shown, printed[i]).toHaveLength(exact.length)
        for (const [k, value] of exact.entries()) {
          // Its own sums are right to the digits it shows (its grids are coarser than the golden's quadrature).
          expect(Math.abs(shown![k]! - value), printed[i]).toBeLessThan(0.7 * 10 ** -digits)
          expect(Math.abs(found![k]! - value), printed[i]).toBeLessThan(within)
        }
      }
      if (name === "service-and-failure") expect(printed[1]).toBe("alcohol: was never calibrated")
    })

    it("fails, saying what is wrong, when the fit is cut short", { timeout: 120_000 }, async () => {
      const short = sourceOf(name).replaceAll(/\bsteps: \d+/g, "steps: 5")
      expect(short).not.toBe(sourceOf(name))
      const { code, stderr } = await node("--input-type=module-typescript", "--eval", short)
      expect(code).toBe(1)
      expect(stderr).toMatch(/WrongAnswer.* (is|off by) -?\d/)
    })

    it("imports the library, effect and tensors, and nothing else", () => {
      const packages = [...sourceOf(name).matchAll(/\bfrom "([^"]+)"/g)].map((match) => match[1])
      expect(packages).toContain("guidepost")
      for (const name of packages) expect(["guidepost", "effect", "@tensorflow/tfjs-core"]).toContain(name)
    })
  })
}
