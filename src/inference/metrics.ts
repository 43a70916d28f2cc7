/** What a step reports, on the host, and its means. */

/** Scalars by name, on the host. */
export type Metrics = Readonly<Record<string, number>>

/** Weighted running means of metrics. */
export class Mean {
  readonly #sums: Map<string, number>
  #weight: number

  constructor({ sums = {}, weight = 0 }: Partial<ReturnType<Mean["save"]>> = {}) {
    this.#sums = new Map(Object.entries(sums))
    this.#weight = weight
  }

  /** What `new Mean` goes on from. */
  save(): { readonly sums: Metrics; readonly weight: number } {
    return { sums: Object.fromEntries(this.#sums), weight: this.#weight }
  }

  add(metrics: Metrics, weight: number): void {
    this.#weight += weight
    for (const [name, value] of Object.entries(metrics)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + weight * value)
    }
  }

  get weight(): number {
    return this.#weight
  }

  value(): Metrics {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / this.#weight]))
  }
}
