/**
 * A folder that results go to, and the list of what went there.
 *
 * ```ts
 * const out = yield* Folder.open("out")
 * yield* out.write("curve.png", bytes, "the learning curve")
 * yield* Console.log(out.summary())   // out/curve.png   31 kB  the learning curve
 * ```
 */
import { Effect, FileSystem, Path } from "effect"

/** Makes the folder where there is none. Fails where it cannot be made or written to, before any work is done. */
export const open = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(folder, { recursive: true })
  yield* fs.access(folder, { writable: true })
  const written: Array<readonly [file: string, size: string, what: string]> = []
  return {
    write: Effect.fnUntraced(function* (name: string, bytes: Uint8Array, what: string) {
      const file = path.join(folder, name)
      yield* fs.writeFile(file, bytes)
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
