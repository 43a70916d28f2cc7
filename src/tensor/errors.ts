/**
 * What the tensor layer can refuse. Each error says what was asked, what was found, and where.
 */
import { Schema } from "effect"

/** Two shapes that should agree do not. `where` names the operation, the parameter or the site. */
export class ShapeMismatch extends Schema.TaggedError<ShapeMismatch>()("ShapeMismatch", {
  where: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `${this.where}: expected ${this.expected}, found ${this.found}`
  }
}

/** A backend was asked for that this machine, or this process at this moment, cannot give. */
export class BackendUnavailable extends Schema.TaggedError<BackendUnavailable>()("BackendUnavailable", {
  backend: Schema.Literals(["wasm", "cpu"]),
  reason: Schema.String,
}) {
  override get message(): string {
    return `the ${this.backend} backend is not available: ${this.reason}`
  }
}

/** Two trees of tensors that should have the same names do not, or a name is missing. */
export class TreeMismatch extends Schema.TaggedError<TreeMismatch>()("TreeMismatch", {
  where: Schema.String,
  missing: Schema.Array(Schema.String),
  unexpected: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const parts = [
      this.missing.length > 0 ? `missing ${this.missing.join(", ")}` : "",
      this.unexpected.length > 0 ? `unexpected ${this.unexpected.join(", ")}` : "",
    ]
    return `${this.where}: ${parts.filter((p) => p !== "").join("; ")}`
  }
}

/** An argument outside what a function accepts: a negative count, an empty list, a fraction where an integer is due. */
export class InvalidArgument extends Schema.TaggedError<InvalidArgument>()("InvalidArgument", {
  where: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `${this.where}: expected ${this.expected}, found ${this.found}`
  }
}
