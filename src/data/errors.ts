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

/** What a storage was asked and could not do. */
export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  operation: Schema.Literals(["read", "write", "copy", "remove"]),
  path: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `cannot ${this.operation} ${this.path}: ${this.reason}`
  }
}

/** For callers without types, who have read a file some other way. */
export const notBytes = (where: string, found: unknown): DataError =>
  new DataError({
    where,
    expected: "a Uint8Array of the file's bytes",
    found: Object.prototype.toString.call(found).slice(8, -1),
  })
