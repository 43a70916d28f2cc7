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
