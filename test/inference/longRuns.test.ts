/** Memory in the large, in processes of their own: the short version of `npm run bench -- memory`. */
import { describe, expect, it } from "vitest"
import { manySteps, streamedFit } from "../../bench/memory.ts"

describe("a fit over a file", () => {
  it("of 256 MB takes less than that above the process without data, and learns from it", async () => {
    const { above, bytes, error, steps } = await streamedFit(256e6)
    expect(bytes).toBe(256e6)
    expect(steps).toBeGreaterThan(50)
    expect(above).toBeLessThan(240e6)
    expect(error).toBeLessThan(0.05)
  }, 240_000)
})

describe("2,000 steps", () => {
  it.each(["cpu", "wasm"] as const)(
    "leave tensors as they were and resident size within 5%% on %s",
    async (backend) => {
      const { drift, tensors } = await manySteps({ backend, data: "minibatches", steps: 2_000 })
      expect(tensors[1]).toBe(tensors[0])
      expect(drift).toBeLessThan(0.05)
    },
    240_000,
  )
})
