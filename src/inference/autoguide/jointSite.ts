/**
 * One run's draw of all latent sites together, and the distribution that each of them shows. See `joint.ts`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { float, type Reparameterized, scoredShape } from "../../distributions/Distribution.ts"
import type { Support } from "../../distributions/Support.ts"
import { ShapeMismatch } from "../../tensor/errors.ts"
import type { Key } from "../../tensor/Key.ts"
import { equals, format, type Shape, size, sumRightmost } from "../../tensor/Shape.ts"
import { detach } from "../../tensor/stable.ts"
import type { Vector } from "./joint.ts"
import { type Latent, volumeOf } from "./latent.ts"

/** Which of the vector's numbers are a site's. */
export interface Piece {
  readonly name: string
  /** Of the site's unconstrained numbers. */
  readonly shape: Shape
  readonly start: number
  readonly count: number
}

/** A site's value in a run: drawn, or given. */
interface Answer {
  readonly latent: Latent
  readonly value: tf.Tensor
}

/** What was drawn for a site, and the part of the vector that it is the image of. */
interface Drawn {
  readonly x: tf.Tensor
  readonly value: tf.Tensor
  /** Within another gradient the value may be what is differentiated, and then x must be a function of it. */
  readonly depth: number
}

/** The vector of one run. It is drawn when the first site asks. */
export class Draw {
  readonly family: string
  readonly #vector: Vector
  readonly #pieces: ReadonlyArray<Piece>
  readonly #key: () => Key
  readonly #drawn = new Map<string, Drawn>()
  readonly #answers = new Map<string, Answer>()
  #u: tf.Tensor | undefined

  constructor(family: string, vector: Vector, pieces: ReadonlyArray<Piece>, key: () => Key) {
    this.family = family
    this.#vector = vector
    this.#pieces = pieces
    this.#key = key
  }

  /** The distribution of a site. */
  at(piece: Piece, latent: Latent): Reparameterized {
    return new JointSite(this, piece, latent)
  }

  /** Notes a site's value. */
  settle({ name }: Piece, latent: Latent, value: tf.Tensor): void {
    this.#answers.set(name, { latent, value })
  }

  /** The site's value in this run. */
  value(piece: Piece, { transform }: Latent): tf.Tensor {
    this.#u ??= this.#vector.distribution.rsample(this.#key())
    const x = cut(this.#u, piece)
    const value = transform.forward(x)
    this.#drawn.set(piece.name, { x, value, depth: tf.engine().state.gradientDepth })
    return value
  }

  /** Draws of a site by itself: `[...shape, ...]`. */
  draws(key: Key, shape: Shape, piece: Piece, { transform }: Latent): tf.Tensor {
    return transform.forward(cut(this.#vector.distribution.rsample(key, shape), piece))
  }

  /** The site's share of the density at its value, the others being as they are: `[...sample, ...batch]`. */
  share(value: tf.Tensor, sample: Shape, piece: Piece, latent: Latent): tf.Tensor {
    const own = this.#unconstrained(piece.name, latent, value)
    const volume = volumeOf(latent, own, value)
    const { batchShape } = latent.distribution
    const { distribution, terms } = this.#vector
    if (terms !== undefined)
      return tf.sub(sumRightmost(cut(terms(this.#all(own, sample, piece)), piece), latent.eventRank), volume)
    if (piece.start > 0) return tf.neg(volume)
    // Evenly over the cells of the site's batch, which are summed in the end.
    const each = tf.div(distribution.logProb(this.#all(own, sample, piece)), size(batchShape))
    return tf.sub(tf.reshape(each, [...sample, ...batchShape.map(() => 1)]), volume)
  }

  /** The vector with `own` where the site stands: `[...sample, n]`. */
  #all(own: tf.Tensor, sample: Shape, piece: Piece): tf.Tensor {
    const parts = this.#pieces.map(({ name }) => {
      const answer = this.#answers.get(name)
      if (name === piece.name || answer === undefined) return own
      return this.#unconstrained(name, answer.latent, answer.value)
    })
    // As it was drawn: a flow remembers where that came from.
    const isDrawn = this.#pieces.every(({ name }, i) => this.#drawn.get(name)?.x === parts[i])
    if (this.#u !== undefined && isDrawn) return this.#u
    const flat = parts.map((part, i) => {
      const { count, shape } = this.#pieces[i]!
      const outer = part.shape.slice(0, part.rank - shape.length)
      return tf.broadcastTo(tf.reshape(part, [...outer, count]), [...sample, count])
    })
    return flat.length === 1 ? flat[0]! : tf.concat(flat, -1)
  }

  #unconstrained(name: string, { transform }: Latent, value: tf.Tensor): tf.Tensor {
    const drawn = this.#drawn.get(name)
    const isOurs = drawn?.value === value && drawn.depth === tf.engine().state.gradientDepth
    return isOurs ? drawn.x : transform.inverse(float(value))
  }
}

/** What a site shows of the draw that it shares with the others. */
class JointSite implements Reparameterized {
  readonly family: string
  readonly gradient = "pathwise"
  readonly params = {}
  readonly support: Support
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly problem: ShapeMismatch | undefined
  readonly #draw: Draw
  readonly #piece: Piece
  readonly #latent: Latent

  constructor(draw: Draw, piece: Piece, latent: Latent, problem?: ShapeMismatch) {
    const { distribution } = latent
    this.family = draw.family
    this.support = distribution.support
    this.batchShape = distribution.batchShape
    this.eventShape = distribution.eventShape
    this.problem = problem
    this.#draw = draw
    this.#piece = piece
    this.#latent = latent
  }

  /** The site's part of the run's draw, whatever the key; with a shape, draws of the site by itself. */
  rsample(key: Key, shape: Shape = []): tf.Tensor {
    if (shape.length === 0) return this.#draw.value(this.#piece, this.#latent)
    return tf.tidy(() => this.#draw.draws(key, shape, this.#piece, this.#latent))
  }

  sample(key: Key, shape: Shape = []): tf.Tensor {
    return detach(() => this.#draw.draws(key, shape, this.#piece, this.#latent))
  }

  /** The site's share of the joint log-density, the other sites being at their values in this run. */
  logProb(value: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const scored = scoredShape(this, value, "logProb")
      const sample = scored.slice(0, scored.length - this.batchShape.length)
      return this.#draw.share(value, sample, this.#piece, this.#latent)
    })
  }

  /** One draw serves one batch: another shape is a problem. */
  expand(batchShape: Shape): this {
    if (equals(batchShape, this.batchShape)) return this
    const problem = new ShapeMismatch({
      where: `${this.family}: site "${this.#piece.name}"`,
      expected: `batch shape ${format(this.batchShape)}, for which the sites were drawn together`,
      found: format(batchShape),
    })
    return new JointSite(this.#draw, this.#piece, this.#latent, problem) as this
  }
}

/** A site's numbers out of `[..., n]`, in their shape. */
const cut = (u: tf.Tensor, { start, count, shape }: Piece): tf.Tensor => {
  const outer = u.shape.slice(0, -1)
  const numbers = tf.slice(u, [...outer.map(() => 0), start], [...outer, count])
  return tf.reshape(numbers, [...outer, ...shape])
}
