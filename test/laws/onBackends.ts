/** Tests that run on a backend: one block for each, the backend acquired before it and released after. */
import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { Backend } from "../../src/tensor/Backend.ts"

/** A test: its name, and what it does with tensors. */
export type Check = (name: string, body: () => void) => void

export type BackendName = "cpu" | "wasm"

/** Runs the same tests once on each of the backends. */
export const on = (
  names: ReadonlyArray<BackendName>,
  tests: (check: Check, backend: BackendName) => void,
): void => {
  for (const name of names) {
    layer(name === "cpu" ? Backend.cpu() : Backend.wasm())(`on ${name}`, (it) => {
      tests((title, body) => it.effect(title, () => Effect.sync(body)), name)
    })
  }
}
