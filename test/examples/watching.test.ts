/** The examples that show fits under way: telemetry reaches a collector; several fits run at once. */
import { execFile } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "@effect/vitest"

const cwd = fileURLToPath(new URL("../..", import.meta.url))
const run = (name: string, env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, ["--conditions=guidepost-source", `examples/${name}.ts`], {
    cwd,
    env: { ...process.env, ...env },
    timeout: 110_000,
  })

it("telemetry.ts sends metrics and the span of the fit to a collector", { timeout: 120_000 }, async () => {
  const received: Array<readonly [path: string | undefined, body: string]> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (part) => {
      body += part
    })
    request.on("end", () => {
      received.push([request.url, body])
      response.end("{}")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  const { stdout } = await run("telemetry", { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}` })
  server.close()
  // The posterior is N(173.21, 2.11²); the guide's moves about it.
  expect(stdout).toMatch(/^mean 17[23]\.\d\d ± [12]\.\d\d cm after 1000 steps/)
  const sent = (path: string) =>
    received
      .filter(([url]) => url === path)
      .map(([, body]) => body)
      .join("\n")
  for (const name of ["steps", "rows", "rate", "objective", "gradient_norm", "tensors", "bytes"]) {
    expect(sent("/v1/metrics")).toContain(`"guidepost.${name}"`)
  }
  expect(sent("/v1/metrics")).toContain('"heights"')
  expect(sent("/v1/traces")).toContain('"guidepost.fit"')
})

it("several-fits.ts ends with the exact mean", { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await run("several-fits")
  expect(stderr).toBe("")
  expect(stdout).toContain("best: rate 0.2; exact 173.21")
})
