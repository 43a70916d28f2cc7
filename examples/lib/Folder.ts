/**
 * A folder that results go to, and the list of what went there.
 *
 * ```ts
 * const out = yield* Folder.open("out")
 * yield* out.write("curve.png", bytes, "the learning curve")
 * yield* Console.log(out.summary())   // out/curve.png   31 kB  the learning curve
 * ```
 */
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import { CliError } from "effect/cli"

/** Makes the folder where there is none. Fails with a `UserError` where it cannot be made, or written to. */
export const open = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const refuse = Effect.mapError(({ cause, message }: PlatformError.PlatformError) => {
    const why = cause instanceof Error ? cause.message : message
    return new CliError.UserError({ cause, userMessage: `cannot write to the folder ${folder}: ${why}` })
  })
  yield* refuse(fs.makeDirectory(folder, { recursive: true }))
  yield* refuse(fs.access(folder, { writable: true }))
  const written: Array<readonly [file: string, size: string, what: string]> = []
  return {
    write: Effect.fnUntraced(function* (name: string, bytes: Uint8Array, what: string) {
      const file = path.join(folder, name)
      yield* refuse(fs.writeFile(file, bytes))
      written.push([file, `${Math.ceil(bytes.length / 1000).toLocaleString("en")} kB`, what])
    }),
    /** A line for each file. */
    summary: (): string => {
      const width = Math.max(...written.map(([file]) => file.length))
      return written
        .map(([file, size, what]) => `  ${file.padEnd(width)}${size.padStart(10)}  ${what}`)
        .join("\n")
    },
  }
})
