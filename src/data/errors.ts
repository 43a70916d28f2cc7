/** What reading data can refuse. */
import { Schema } from "effect"

/** Data that is malformed, truncated, empty or at odds with itself. `where` names the file or array, and the byte or row. */
export class DataError extends Schema.TaggedError<DataError>()("DataError", {
  where: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `${this.where}: expected ${this.expected}, found ${this.found}`
  }
}
