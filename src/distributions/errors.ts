/** What the distribution layer can refuse. A site that uses the distribution adds its own name. */
import { Schema } from "effect"

/** A parameter outside its constraint, such as a negative scale. `index` is the first offending position. */
export class InvalidParameter extends Schema.TaggedError<InvalidParameter>()("InvalidParameter", {
  family: Schema.String,
  parameter: Schema.String,
  constraint: Schema.String,
  found: Schema.String,
  index: Schema.Array(Schema.Number),
  site: Schema.optionalKey(Schema.String),
}) {
  override get message(): string {
    const site = this.site === undefined ? "" : `site "${this.site}": `
    const at = this.index.length === 0 ? "" : ` at index [${this.index.join(", ")}]`
    return `${site}${this.family}: parameter "${this.parameter}" must be ${this.constraint}, found ${this.found}${at}`
  }
}

/** A value that the distribution gives no density to, such as a negative observation under a LogNormal. */
export class OutsideSupport extends Schema.TaggedError<OutsideSupport>()("OutsideSupport", {
  where: Schema.String,
  support: Schema.String,
  found: Schema.String,
  index: Schema.Array(Schema.Number),
}) {
  override get message(): string {
    const at = this.index.length === 0 ? "" : ` at index [${this.index.join(", ")}]`
    return `${this.where}: the value must be ${this.support}, found ${this.found}${at}`
  }
}

/** No closed form is known for the KL divergence between these two. */
export class NoClosedForm extends Schema.TaggedError<NoClosedForm>()("NoClosedForm", {
  p: Schema.String,
  q: Schema.String,
}) {
  override get message(): string {
    return `no closed form is known for KL(${this.p} ‖ ${this.q}); estimate it by Monte Carlo`
  }
}
