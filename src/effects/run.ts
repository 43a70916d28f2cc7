/**
 * Running a program: the outermost interpreter, which draws, looks parameters up, places sites in their plates and
 * refuses what does not fit; and the two boundaries between Effects and tensor code.
 *
 * `run` turns a program into a plain synchronous call, so that it can stand inside a gradient closure. `attempt`
 * turns a synchronous call back into an Effect. What fails in between travels as a `ProgramExit` and comes out as
 * the same typed failure. Nothing else in the library runs a program.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Context, Effect, Exit } from "effect"
import { type Distribution, firstOutside, isReparameterized } from "../distributions/Distribution.ts"
import { InvalidParameter } from "../distributions/errors.ts"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { broadcast, equals, format } from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import { DuplicateSite, isProgramError, type ProgramError, ProgramSuspended, ProgramThrew } from "./errors.ts"
import {
  type Asked,
  type DeterministicSite,
  type FactorSite,
  type Foreseen,
  type Handler,
  type Interpretation,
  Interpreter,
  type ParamSite,
  type SampleSite,
  type Settled,
} from "./Interpreter.ts"
import { checkBatch, checkMask, checkMember, checkValue, frameShape, place } from "./place.ts"

/** What a run recorded, in the order of the program. */
export interface Recording<A = unknown> {
  readonly result: A
  readonly samples: ReadonlyMap<string, Settled<SampleSite>>
  readonly factors: ReadonlyMap<string, FactorSite>
  readonly deterministics: ReadonlyMap<string, DeterministicSite>
  readonly params: ReadonlyMap<string, Settled<ParamSite>>
}

/** How a program is run. */
export interface RunOptions {
  /** Every draw folds its site's name into this key. Without it a latent site that has no value is refused. */
  readonly key?: Key.Key | undefined
  /** Handlers around the program, the outermost first. */
  readonly handlers?: ReadonlyArray<Handler>
  /** Whether dropout and its like are active. Default false. */
  readonly training?: boolean
  /** Whether parameters and observed values are read back and checked against their sets. Default false: it reads tensors. */
  readonly validate?: boolean
}

/** A failed run on its way through tensor code. Only {@link attempt} lets it out, as its cause. */
class ProgramExit {
  readonly cause: Cause.Cause<unknown>
  constructor(cause: Cause.Cause<unknown>) {
    this.cause = cause
  }
}

/**
 * Runs `program` at once against the services in `context`, and records its sites. Throws what only
 * {@link attempt} understands. Tensors belong to the caller's tidy.
 */
export const run = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  context: Context.Context<never>,
  options: RunOptions,
): Recording<A> => {
  const recorder = new Recorder(options)
  const interpretation = (options.handlers ?? []).reduce(
    (outer, handler) => handler(outer),
    recorder.interpretation,
  )
  const services = Context.add(context, Interpreter, interpretation) as Context.Context<unknown>
  const exit = Effect.runSyncExitWith(services)(program as Effect.Effect<A, E, unknown>)
  if (Exit.isFailure(exit)) throw new ProgramExit(translate(exit.cause, recorder.last))
  return { result: exit.value, ...recorder }
}

/**
 * Tensor code as an Effect. Programs that failed inside it fail here, with their own error or a `ProgramError`;
 * a tagged error thrown by a distribution or a tensor function is a failure too; anything else is a defect.
 */
export const attempt = <A, E = never>(body: () => A): Effect.Effect<A, E | ProgramError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(body())
    } catch (thrown) {
      if (thrown instanceof ProgramExit)
        return Effect.failCause(thrown.cause as Cause.Cause<E | ProgramError>)
      return isProgramError(thrown) ? Effect.fail(thrown) : Effect.die(thrown)
    }
  })

/** A function of the user's own beside the programs: what it throws that is no error of ours becomes a `ProgramThrew`. */
export const guarded = <A>(what: string, body: () => A): A => {
  try {
    return body()
  } catch (thrown) {
    if (thrown instanceof ProgramExit || isProgramError(thrown)) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new ProgramThrew({ what, reason, cause: thrown })
  }
}

/** What a program died of, as a typed failure that says where. Its own failures pass unchanged. */
const translate = (cause: Cause.Cause<unknown>, last: string | undefined): Cause.Cause<unknown> => {
  const after = last === undefined ? {} : { after: last }
  for (const reason of cause.reasons) {
    if (Cause.isDieReason(reason)) {
      const defect = reason.defect
      if (defect instanceof ProgramExit) return defect.cause
      if (isProgramError(defect)) return Cause.fail(defect)
      if (Cause.isAsyncFiberError(defect)) {
        // It would go on later, and make tensors that no tidy owns.
        defect.fiber.interruptUnsafe()
        return Cause.fail(new ProgramSuspended(after))
      }
      const message = defect instanceof Error ? defect.message : String(defect)
      return Cause.fail(new ProgramThrew({ ...after, reason: message, cause: defect }))
    }
  }
  return cause
}

/** The outermost interpreter of one run. */
class Recorder {
  readonly samples = new Map<string, Settled<SampleSite>>()
  readonly factors = new Map<string, FactorSite>()
  readonly deterministics = new Map<string, DeterministicSite>()
  readonly params = new Map<string, Settled<ParamSite>>()
  readonly interpretation: Interpretation
  readonly #options: RunOptions
  readonly #names = new Set<string>()
  /** The site that answered last: where a program was when it threw or suspended. */
  last: string | undefined

  constructor(options: RunOptions) {
    this.#options = options
    this.interpretation = {
      sample: (site) => this.#sample(site),
      ahead: (site, asked) => this.#ahead(site, asked),
      factor: (site) => this.#factor(site),
      deterministic: (site) => this.#deterministic(site),
      param: (site) => this.#param(site),
      key: (name) => this.#key(name),
      training: options.training ?? false,
      plates: [],
      chains: [],
    }
  }

  #sample(site: SampleSite): Settled<SampleSite> {
    this.#enter(site.name)
    const distribution = place(site, this.#options.validate === true)
    const value = site.value ?? draw(distribution, this.#key(site.name))
    const settled = { ...site, distribution, value }
    checkValue(settled, this.#options.validate === true)
    if (!site.hidden) this.samples.set(site.name, settled)
    return settled
  }

  #ahead(site: SampleSite, asked: Asked): Foreseen {
    if (site.value !== undefined) return { value: site.value, isDrawn: false }
    this.last = site.name
    const key = this.#key(site.name)
    return {
      value: draw(place(site, false), asked === "previous" ? key : Key.foldIn(key, asked.step)),
      isDrawn: true,
    }
  }

  #factor(site: FactorSite): FactorSite {
    this.#enter(site.name)
    const frame = frameShape(site.plates)
    const { shape } = site.logWeight
    const where = `factor "${site.name}"`
    checkBatch(where, shape, frame, site)
    checkMask(where, site.mask, frame)
    const batch = broadcast(shape, frame)!
    const logWeight = equals(shape, batch) ? site.logWeight : tf.broadcastTo(site.logWeight, [...batch])
    const settled = { ...site, logWeight }
    if (!site.hidden) this.factors.set(site.name, settled)
    return settled
  }

  #deterministic(site: DeterministicSite): DeterministicSite {
    this.#enter(site.name)
    if (this.#options.validate === true && site.support !== undefined) {
      checkMember(`site "${site.name}"`, site.support, site.value)
    }
    if (!site.hidden) this.deterministics.set(site.name, site)
    return site
  }

  #param(site: ParamSite): Settled<ParamSite> {
    // The same parameter may be read twice in one program, as weights that are tied. A hidden one is no parameter of
    // this run: its value has been substituted.
    const known = site.hidden ? undefined : this.params.get(site.name)
    if (known !== undefined) return known
    const value = site.value ?? site.init(this.#key(site.name))
    if (site.value === undefined) checkParam(site, "init", value)
    else if (this.#options.validate === true) checkParam(site, "value", value)
    const settled = { ...site, value }
    this.last = site.name
    if (!site.hidden) this.params.set(site.name, settled)
    return settled
  }

  #key(name: string): Key.Key {
    if (this.#options.key === undefined) {
      throw new InvalidArgument({
        where: `site "${name}"`,
        expected: "a value for every latent site, or a key to draw with",
        found: "neither",
      })
    }
    return Key.foldInName(this.#options.key, name)
  }

  #enter(name: string): void {
    if (this.#names.has(name)) throw new DuplicateSite({ site: name })
    this.#names.add(name)
    this.last = name
  }
}

const draw = (distribution: Distribution, key: Key.Key): tf.Tensor =>
  isReparameterized(distribution) ? distribution.rsample(key) : distribution.sample(key)

/** Refuses a parameter outside its support. It reads the parameter back. */
const checkParam = (site: ParamSite, parameter: "init" | "value", value: Tree.Tree): void => {
  for (const [path, leaf] of Tree.entries(value)) {
    if (leaf.rank < site.support.eventRank) {
      throw new ShapeMismatch({
        where: path === "" ? `param "${site.name}"` : `param "${site.name}/${path}"`,
        expected: site.support.describe,
        found: `shape ${format(leaf.shape)}`,
      })
    }
    const found = firstOutside(site.support, leaf.dataSync(), leaf.shape)
    if (found !== undefined) {
      throw new InvalidParameter({
        family: path === "" ? `param "${site.name}"` : `param "${site.name}/${path}"`,
        parameter,
        constraint: site.support.describe,
        ...found,
      })
    }
  }
}
