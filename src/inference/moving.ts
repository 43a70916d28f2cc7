/**
 * A guide that never moves: one whose parameters nothing that is maximized depends on. It is found in the first step, where
 * the tape of the gradient tells such a parameter from one whose gradient happens to be zero there.
 */
import { UnusedParam } from "../effects/errors.ts"
import type { RunOptions } from "../effects/run.ts"
import * as Tree from "../tensor/Tree.ts"
import type { ProgramPair } from "./programs.ts"
import type { ParamTree } from "./svi.ts"

/** The pair, with the names of the guide's parameters put into a set when it runs. */
export const watched = <B>(programs: ProgramPair<B>, names: Set<string>): ProgramPair<B> => ({
  ...programs,
  guide: (batch: B, options: RunOptions) => {
    const recording = programs.guide(batch, options)
    for (const name of recording.params.keys()) names.add(name)
    return recording
  },
})

/**
 * Throws `UnusedParam` for those of the named parameters that no gradient reached in any leaf. A network of which a part
 * goes unused is no error, nor is a parameter without numbers.
 */
export const checkMoving = (
  names: Iterable<string>,
  params: ParamTree,
  untouched: ReadonlyArray<string>,
): void => {
  const still = new Set(untouched)
  const unused = [...names].filter((name) => {
    const leaves = Tree.entries({ [name]: params[name]! }).filter(([, leaf]) => leaf.size > 0)
    return leaves.length > 0 && leaves.every(([path]) => still.has(path))
  })
  if (unused.length > 0) throw new UnusedParam({ params: unused })
}
