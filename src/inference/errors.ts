/** What inference can refuse, besides what running a program can. */
import { Schema } from "effect"

/** A step whose loss or gradient is not finite: the first site, and its parameter, where something went wrong. */
export class NonFinite extends Schema.TaggedError<NonFinite>()("NonFinite", {
  step: Schema.Number,
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
    return `step ${this.step} is not finite${site}${parameter}${index}: ${this.found}`
  }
}
