/** `npm run survive` in small, as it is typed: fits that are killed end with the same bytes; what it cannot show, it says. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

const survive = (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const program = ["--conditions=guidepost-source", "examples/survive/main.ts", ...args]
    execFile(process.execPath, program, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })

describe("examples/survive", () => {
  it("kills both fits, which end with the same bytes", { timeout: 400_000 }, async () => {
    const { code, stdout, stderr } = await survive("--kills", "3", "--steps", "40")
    expect(code, stdout + stderr).toBe(0)
    for (const name of ["vae", "mixture"]) {
      const line = new RegExp(
        `^${name}: killed 3 times in 40 steps, gone on at up to step (\\d+); .* the same \\d+ bytes$`,
        "m",
      )
      const step = Number(line.exec(stdout)?.[1])
      expect(step, stdout).toBeGreaterThan(1)
      // Checkpoints come every five steps, and what is gone on from is one of them.
      expect(step % 5, stdout).toBe(1)
    }
  })

  it("fails where the fits are too short to be killed, and says so", { timeout: 400_000 }, async () => {
    const { code, stdout, stderr } = await survive("--kills", "1", "--steps", "1")
    expect(code).toBe(1)
    expect(stdout + stderr).toMatch(
      /vae (ends before it can be killed|was killed before it had a checkpoint).*: raise --steps/,
    )
  })

  it.each([
    ["--kills", "0"],
    ["--kills", "some"],
    ["--steps", "0"],
  ])("refuses %s %s", { timeout: 120_000 }, async (...args) => {
    const { code, stdout, stderr } = await survive(...args)
    expect(code).toBe(1)
    expect(stdout + stderr).toContain(args[0])
  })
})
