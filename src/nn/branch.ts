/**
 * Networks side by side, on one input.
 *
 * ```ts
 * const heads = branch({ loc: dense(400, 20), scale: dense(400, 20, { activation: "boundedExp" }) })
 * const { loc, scale } = yield* apply("heads", heads, h)
 * ```
 */
import { InvalidArgument } from "../tensor/errors.ts"
import type { Tree } from "../tensor/Tree.ts"
import { compose } from "./compose.ts"
import type { Network, OutputOf, ParamsOf } from "./Network.ts"

/** The parameters of each branch under its name; branches without parameters have no entry. */
export type BranchParams<B> = {
  readonly [K in keyof B & string as keyof ParamsOf<B[K]> extends never ? never : K]: ParamsOf<B[K]>
}

/** The output of each branch under its name. */
export type BranchOutput<B> = { readonly [K in keyof B]: OutputOf<B[K]> }

/** Each network applied to the same input. Without any, the network has a problem. */
export const branch = <const B extends { readonly [name: string]: Network<Tree, unknown> }>(
  branches: B,
): Network<BranchParams<B>, BranchOutput<B>> => {
  const names = Object.keys(branches)
  return compose({
    name: `branch(${names.join(", ")})`,
    problem:
      names.length === 0
        ? new InvalidArgument({ where: "branch", expected: "at least one network", found: "none" })
        : undefined,
    children: branches,
    apply: (call, input) =>
      Object.fromEntries(names.map((name) => [name, call(name, input)])) as BranchOutput<B>,
  })
}
