/** What inference can refuse, besides what running a program can. */
import { Schema } from "effect"

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
