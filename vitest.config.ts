import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: { conditions: ["guidepost-source"] },
  ssr: { resolve: { conditions: ["guidepost-source", "node", "import", "module", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Workers share one process limit; two cores are the machine we plan for.
    maxWorkers: 2,
  },
})
