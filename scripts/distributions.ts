/**
 * Writes the tables of docs/distributions.md, between its two marks, and docs/distributions.png.
 *
 * node --conditions=guidepost-source scripts/distributions.ts
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { Backend } from "../src/tensor/Backend.ts"
import { densities } from "./distributions/densities.ts"
import { withTables } from "./distributions/document.ts"

const docs = fileURLToPath(new URL("../docs/", import.meta.url))
const markdown = readFileSync(`${docs}distributions.md`, "utf8")
writeFileSync(`${docs}distributions.md`, withTables(markdown))

const picture = Effect.promise(densities).pipe(Effect.provide(Backend.cpu()))
writeFileSync(`${docs}distributions.png`, await Effect.runPromise(picture))
