/**
 * The learning curve while it is drawn: the ELBO for one image, in nats, over the epochs, and how fast images go by.
 * Batches are averaged, twenty points an epoch; the bar's figure is smoothed.
 */
import type { EpochReport, StepReport } from "guidepost"

/** One point of the curve. `epoch` counts passes over the data, in fractions. */
export interface Point {
  readonly epoch: number
  readonly elbo: number
  readonly data: "train" | "test"
}

export class Curve {
  readonly points: Array<Point> = []
  readonly #size: number
  #smooth: number | undefined
  #sum = 0
  #count = 0
  #epoch = 0
  #since = performance.now()
  #rate = ""

  /** `size`: the number of images that the reports' totals stand for. */
  constructor(size: number) {
    this.#size = size
  }

  /** Counts a step; gives the smoothed ELBO and the images per second of this epoch. */
  step({ epoch, batch, batches, metrics }: StepReport): { readonly elbo: number; readonly rate: string } {
    const elbo = metrics.elbo! / this.#size
    this.#smooth = this.#smooth === undefined ? elbo : 0.95 * this.#smooth + 0.05 * elbo
    this.#sum += elbo
    this.#count++
    this.#epoch = epoch - 1 + batch / batches
    if (batch === batches || this.#count >= batches / POINTS) this.end()
    const seconds = (performance.now() - this.#since) / 1000
    this.#rate = Math.round(((batch / batches) * this.#size) / seconds).toLocaleString("en")
    return { elbo: this.#smooth, rate: this.#rate }
  }

  /** Counts an epoch; gives its ELBO, that of the held-out images, and the images per second. */
  epoch(report: EpochReport): { readonly elbo: number; readonly heldOut: number; readonly rate: string } {
    const heldOut = report.heldOut!.elbo! / this.#size
    this.points.push({ epoch: report.epoch, elbo: heldOut, data: "test" })
    this.#since = performance.now()
    return { elbo: report.metrics.elbo! / this.#size, heldOut, rate: this.#rate }
  }

  /** Makes a point of the steps since the last one. */
  end(): void {
    if (this.#count === 0) return
    this.points.push({ epoch: this.#epoch, elbo: this.#sum / this.#count, data: "train" })
    this.#sum = 0
    this.#count = 0
  }
}

/** Points an epoch. */
const POINTS = 20
