/** What inference can refuse, besides what running a program can. */
import { Schema } from "effect"
import type { Blame } from "./Algorithm.ts"

/** A bound that fell where theory says that it cannot: an M-step that does not maximize, or a floor that binds. */
export class BoundDecreased extends Schema.TaggedError<BoundDecreased>()("BoundDecreased", {
  /** The iteration, from 1, after whose M-step the bound was lower. */
  iteration: Schema.Number,
  before: Schema.Number,
  after: Schema.Number,
}) {
  override get message(): string {
    return `iteration ${this.iteration} lowered the bound from ${this.before} to ${this.after}: its M-step does not maximize, or not quite, as where a floor is added to variances (closedForm: isMonotone)`
  }
}

/**
 * A step whose loss or gradient is not finite, or an evaluation that is NaN: the first site, and its parameter, where
 * something went wrong.
 */
export class NonFinite extends Schema.TaggedError<NonFinite>()("NonFinite", {
  step: Schema.Number,
  /** What was not finite, if not the step itself. */
  what: Schema.optionalKey(Schema.String),
  found: Schema.String,
  site: Schema.optionalKey(Schema.String),
  parameter: Schema.optionalKey(Schema.String),
  index: Schema.optionalKey(Schema.Array(Schema.Number)),
  /** Whether the site is the guide's, where guide and model each have one of the name. */
  inGuide: Schema.optionalKey(Schema.Boolean),
  /** The row of the data, from 0, that `index` stands for in a minibatch. */
  row: Schema.optionalKey(Schema.Number),
  /** What to do about it. */
  advice: Schema.optionalKey(Schema.String),
}) {
  override get message(): string {
    const what = this.what === undefined ? "" : `${this.what} after `
    const advice = this.advice === undefined ? "" : `; ${this.advice}`
    return `${what}step ${this.step} is not finite${whereabouts(this)}: ${this.found}${advice}`
  }
}

/** Where a fault lies, as the end of a sentence: site, parameter, index and row, as far as they are known. */
export const whereabouts = ({ site, inGuide, parameter, index, row }: Omit<Blame, "found">): string =>
  [
    site === undefined ? "" : ` at site "${site}"${inGuide === true ? " of the guide" : ""}`,
    parameter === undefined ? "" : `, parameter "${parameter}"`,
    index === undefined || index.length === 0 ? "" : `, index [${index.join(", ")}]`,
    row === undefined ? "" : `, row ${row} of the data`,
  ].join("")

/** A checkpoint that cannot be written, read, or gone on from: which, why, and what to do about it. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  path: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  advice: Schema.String,
}) {
  override get message(): string {
    return `checkpoint ${this.path}: expected ${this.expected}, found ${this.found}; ${this.advice}`
  }
}

/** A joint density without a mode where one was looked for, and the coordinate that shows it. */
export class NoMode extends Schema.TaggedError<NoMode>()("NoMode", {
  site: Schema.String,
  /** Of the site's unconstrained numbers. */
  index: Schema.Array(Schema.Number),
  found: Schema.String,
}) {
  override get message(): string {
    const index = this.index.length === 0 ? "" : `, index [${this.index.join(", ")}]`
    return `no mode was found: at site "${this.site}"${index}, in unconstrained coordinates, ${this.found}; give it a proper prior if the density does not fall off there, or search further (iterations), or from elsewhere (init, params)`
  }
}
