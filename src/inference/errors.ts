/** What inference can refuse, besides what running a program can. */
import { Schema } from "effect"

/** A bound that fell where theory says that it cannot: an M-step that does not maximize, or a floor that binds. */
export class BoundDecreased extends Schema.TaggedError<BoundDecreased>()("BoundDecreased", {
  /** The iteration, from 1, after whose M-step the bound was lower. */
  iteration: Schema.Number,
  before: Schema.Number,
  after: Schema.Number,
}) {
  override get message(): string {
    return `iteration ${this.iteration} lowered the bound from ${this.before} to ${this.after}: its M-step does not maximize`
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
}) {
  override get message(): string {
    const site = this.site === undefined ? "" : ` at site "${this.site}"`
    const parameter = this.parameter === undefined ? "" : `, parameter "${this.parameter}"`
    const index =
      this.index === undefined || this.index.length === 0 ? "" : `, index [${this.index.join(", ")}]`
    const what = this.what === undefined ? "" : `${this.what} after `
    return `${what}step ${this.step} is not finite${site}${parameter}${index}: ${this.found}`
  }
}

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
