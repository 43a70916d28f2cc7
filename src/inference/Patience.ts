/** Early stopping: when a fit that no longer rises has been given time enough. */
import type { EarlyStopping } from "./FitOptions.ts"

/** Counts the epochs without a rise. */
export class Patience {
  readonly #options: EarlyStopping | undefined
  #best: number
  #waited: number

  constructor(
    options: EarlyStopping | undefined,
    { best, waited }: Partial<ReturnType<Patience["save"]>> = {},
  ) {
    this.#options = options
    this.#best = best ?? Number.NEGATIVE_INFINITY
    this.#waited = waited ?? 0
  }

  /** What a new one goes on from. */
  save(): { readonly best: number; readonly waited: number } {
    return { best: this.#best, waited: this.#waited }
  }

  judge(elbo: number): "better" | "wait" | "stop" {
    if (this.#options === undefined) return "wait"
    const { patience, minDelta = 0 } = this.#options
    if (elbo > this.#best + minDelta) {
      this.#best = elbo
      this.#waited = 0
      return "better"
    }
    this.#waited++
    return this.#waited >= patience ? "stop" : "wait"
  }
}
