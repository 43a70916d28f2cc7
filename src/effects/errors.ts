/**
 * What running a program can refuse. Each error says what was asked, what was found, and at which site.
 */
import { Schema } from "effect"
import { InvalidParameter, NoClosedForm, OutsideSupport } from "../distributions/errors.ts"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "../tensor/errors.ts"

/** Two sites of one program have the same name. */
export class DuplicateSite extends Schema.TaggedError<DuplicateSite>()("DuplicateSite", {
  site: Schema.String,
}) {
  override get message(): string {
    return `site "${this.site}" occurs twice in one program; site names must be unique (see scope)`
  }
}

/** A handler names a site, or a parameter, that the program does not have. */
export class UnknownSite extends Schema.TaggedError<UnknownSite>()("UnknownSite", {
  where: Schema.String,
  site: Schema.String,
  known: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const known = this.known.length === 0 ? "none" : this.known.map((name) => `"${name}"`).join(", ")
    return `${this.where}: the program has no site "${this.site}"; it has ${known}`
  }
}

/** A parameter that the program asks for and nobody gives. */
export class MissingParam extends Schema.TaggedError<MissingParam>()("MissingParam", {
  param: Schema.String,
  known: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const known = this.known.length === 0 ? "none are given" : `given are ${this.known.join(", ")}`
    return `no value for parameter "${this.param}"; ${known}`
  }
}

/** A guide's parameters that a fit would leave as they are: nothing that it maximizes depends on them. */
export class UnusedParam extends Schema.TaggedError<UnusedParam>()("UnusedParam", {
  params: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const names = this.params.map((name) => `"${name}"`).join(", ")
    return `the guide would never move: the objective does not depend on parameter ${names}, or only by a value read back from its tensor or an operation without a gradient`
  }
}

/** A guide and its model do not agree on their latent sites. */
export class SiteMismatch extends Schema.TaggedError<SiteMismatch>()("SiteMismatch", {
  reason: Schema.String,
  sites: Schema.Array(Schema.String),
}) {
  override get message(): string {
    return `${this.reason}: ${this.sites.map((site) => `"${site}"`).join(", ")}`
  }
}

/** A plate that cannot be: a size below one, a dimension taken twice, a subsample larger than the plate. */
export class PlateError extends Schema.TaggedError<PlateError>()("PlateError", {
  plate: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `${this.plate === "" ? "plates" : `plate "${this.plate}"`}: expected ${this.expected}, found ${this.found}`
  }
}

/** A program that waits (a fetch, a sleep) where it must answer at once: inside a step. */
export class ProgramSuspended extends Schema.TaggedError<ProgramSuspended>()("ProgramSuspended", {
  after: Schema.optionalKey(Schema.String),
}) {
  override get message(): string {
    return `the program suspends ${position(this.after)}: inside inference a program must run synchronously; await before the fit and pass the result in, or provide it as a service`
  }
}

/** A program whose own code threw, or a function given beside it. `reason` is the thrown message. */
export class ProgramThrew extends Schema.TaggedError<ProgramThrew>()("ProgramThrew", {
  /** What threw, if not the program. */
  what: Schema.optionalKey(Schema.String),
  after: Schema.optionalKey(Schema.String),
  reason: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    if (this.what !== undefined) return `${this.what} threw: ${this.reason}`
    return `the program threw ${position(this.after)}: ${this.reason}`
  }
}

const position = (after: string | undefined): string =>
  after === undefined ? "before its first site" : `after site "${after}"`

/** Everything that running a program can fail with, besides the program's own failures. */
export type ProgramError =
  | DuplicateSite
  | UnknownSite
  | MissingParam
  | UnusedParam
  | SiteMismatch
  | PlateError
  | ProgramSuspended
  | ProgramThrew
  | ShapeMismatch
  | TreeMismatch
  | InvalidArgument
  | InvalidParameter
  | OutsideSupport
  | NoClosedForm

const programErrors = [
  DuplicateSite,
  UnknownSite,
  MissingParam,
  UnusedParam,
  SiteMismatch,
  PlateError,
  ProgramSuspended,
  ProgramThrew,
  ShapeMismatch,
  TreeMismatch,
  InvalidArgument,
  InvalidParameter,
  OutsideSupport,
  NoClosedForm,
]

/** Whether a thrown value is one of ours. */
export const isProgramError = (u: unknown): u is ProgramError =>
  programErrors.some((error) => u instanceof error)
