/**
 * The one service that a probabilistic program needs at run time, and what a handler is.
 *
 * A program asks its interpreter at each site and goes on with the answer. A handler is a function from the outer
 * interpreter to an inner one: it may change the site on its way out, or the settled site on its way back in.
 * Whoever stands outermost (see `run`) draws, looks parameters up, and checks shapes.
 *
 * ```ts
 * const doubled: Handler = (outer) => ({
 *   ...outer,
 *   sample: (site) => outer.sample({ ...site, scale: 2 * site.scale }),
 * })
 * ```
 *
 * An interpreter answers at once. It refuses by throwing a `ProgramError`, which `ask` turns into a failure of the
 * program: this, the tensor methods of distributions, and nothing else, may throw, and neither crosses an Effect.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import type { Distribution } from "../distributions/Distribution.ts"
import type { Support } from "../distributions/Support.ts"
import type { BijectableSupport } from "../distributions/Transform.ts"
import type { Key } from "../tensor/Key.ts"
import type { Tree } from "../tensor/Tree.ts"
import { isProgramError } from "./errors.ts"

/** A plate as a site sees it: `extent` of its `size` members are present along batch dimension `dim` (below 0). */
export interface PlateFrame {
  readonly name: string
  readonly size: number
  readonly extent: number
  readonly dim: number
  /** The members are the steps of a `scan`: each depends on the one before, and none may be taken by itself. */
  readonly isChain?: boolean
}

/**
 * A variable whose values are all present at once, along batch dimension `dim`, to the left of the plates: see
 * `handlers/enumerate`.
 */
export interface Axis {
  readonly name: string
  readonly size: number
  readonly dim: number
  /** The variable whose value at the step before it is, where it is that of a `scan`. */
  readonly previous?: string
}

/** A step of a Markov chain (see `markov`): later than `history` steps on, its variables are out of reach. */
export interface ChainFrame {
  readonly chain: object
  readonly step: number
  readonly history: number
}

/** What sites that carry a density share. */
interface Weighted {
  readonly name: string
  /** Multiplies the site's log-density, besides the plates' own scales. */
  readonly scale: number
  /** Where it is 0 the log-density does not count; broadcasts to the site's batch shape. */
  readonly mask: tf.Tensor | undefined
  /** Outermost first. */
  readonly plates: ReadonlyArray<PlateFrame>
  /** The enumerated variables that the site may depend on. */
  readonly axes: ReadonlyArray<Axis>
  /** The steps of chains that the site belongs to. */
  readonly chains: ReadonlyArray<ChainFrame>
  /** Hidden sites are answered and not recorded. */
  readonly hidden: boolean
}

/** A random choice: latent when `observed` is false. */
export interface SampleSite extends Weighted {
  readonly kind: "sample"
  readonly distribution: Distribution
  readonly value: tf.Tensor | undefined
  readonly observed: boolean
  /** Whether its value was drawn ahead, step by step (see `scan`), though it is observed. */
  readonly isDrawn?: boolean
}

/** A log-weight of any shape that broadcasts to the plates. */
export interface FactorSite extends Weighted {
  readonly kind: "factor"
  readonly logWeight: tf.Tensor
}

/** A value computed from others, recorded under a name. */
export interface DeterministicSite {
  readonly kind: "deterministic"
  readonly name: string
  readonly value: tf.Tensor
  /** The set that the value must lie in, where it stands for a random choice. */
  readonly support?: Support
  readonly hidden: boolean
}

/** A learnable parameter: a tensor, or a tree of them. */
export interface ParamSite {
  readonly kind: "param"
  readonly name: string
  readonly init: (key: Key) => Tree
  readonly support: BijectableSupport
  readonly value: Tree | undefined
  readonly hidden: boolean
}

/** A site with its answer. */
export type Settled<S> = Omit<S, "value"> & {
  readonly value: S extends ParamSite ? Tree : tf.Tensor
}

/**
 * What a `scan` asks ahead: one step's value of a site; or, where all values of the site are present at once, the same
 * values as the next step's previous ones, along a dimension of their own.
 */
export type Asked = { readonly step: number } | "previous"

/** The value that a site of a `scan` will have. */
export interface Foreseen {
  /** Of all steps where somebody outside gives it, of the one step where it was drawn. */
  readonly value: tf.Tensor
  /** Whether it was drawn for this step. */
  readonly isDrawn: boolean
  /** The variable that it is, where all of its values are present. */
  readonly axis?: Axis
}

/** The answers that a program can ask for. */
export interface Interpretation {
  readonly sample: (site: SampleSite) => Settled<SampleSite>
  /**
   * What value a site of a `scan`'s step will have: nothing is recorded. A handler that gives sites values, takes them
   * away or renames sites does so here too.
   */
  readonly ahead: (site: SampleSite, asked: Asked) => Foreseen
  readonly factor: (site: FactorSite) => FactorSite
  readonly deterministic: (site: DeterministicSite) => DeterministicSite
  readonly param: (site: ParamSite) => Settled<ParamSite>
  /** A key for randomness that is no site, such as dropout; the same name gives the same key within a run. */
  readonly key: (name: string) => Key
  /** Whether this run trains: dropout drops only then. */
  readonly training: boolean
  /** The plates that enclose what runs now, outermost first. */
  readonly plates: ReadonlyArray<PlateFrame>
  /** The steps of chains that enclose what runs now, outermost first. */
  readonly chains: ReadonlyArray<ChainFrame>
}

/** The service behind every probabilistic requirement. Only the runners of this library provide it. */
export class Interpreter extends Context.Service<Interpreter, Interpretation>()(
  "guidepost/effects/Interpreter",
) {}

/** From the interpreter outside to the one that the program inside will see. */
export type Handler = (outer: Interpretation) => Interpretation

/** An answer of the interpreter as a program that requires `R`; what the interpreter throws becomes a failure. */
export const ask = <R, A>(question: (interpretation: Interpretation) => A): Effect.Effect<A, never, R> =>
  Interpreter.use((interpretation) => {
    try {
      return Effect.succeed(question(interpretation))
    } catch (thrown) {
      // The failure is off the type here and put back on by `run`, the only place where a program can run.
      return isProgramError(thrown) ? (Effect.fail(thrown) as never) : Effect.die(thrown)
    }
  }) as Effect.Effect<A, never, never> as Effect.Effect<A, never, R>

/** Runs `program` under `handler`; `R2` is what the program requires afterwards. */
export const handle = <A, E, R, R2 = R>(
  program: Effect.Effect<A, E, R>,
  handler: Handler,
): Effect.Effect<A, E, R2> =>
  Effect.updateService(program, Interpreter, handler) as unknown as Effect.Effect<A, E, R2>
