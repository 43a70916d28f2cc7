/**
 * The distribution of y = t(x) where x has distribution `base`: log p(y) = log p_base(x) − log |det ∂y/∂x|.
 *
 * ```ts
 * Transformed(Normal({ loc: 0, scale: 1 }), sigmoid)                         // a logit-normal, on [0, 1]
 * Transformed(Normal.standard([3]), stickBreaking)                           // on the simplex of 4
 * ```
 *
 * A draw remembers the x it came from, so that scoring it does not take the inverse of a number that has saturated:
 * the sigmoid of 20 is 1 in float32, and its logit is lost.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { equals, expandRight, format, type Shape, sumRightmost } from "../tensor/Shape.ts"
import { detach, where } from "../tensor/stable.ts"
import {
  broadcastTo,
  type Distribution,
  float,
  type Parameter,
  type Reparameterized,
  scoredShape,
  toTensor,
} from "./Distribution.ts"
import { InvalidParameter } from "./errors.ts"
import { type Independent, independent } from "./Independent.ts"
import { parameterProblem } from "./parameters.ts"
import { independent as independentSupport, type Support } from "./Support.ts"
import { prefixed, type Transform } from "./Transform.ts"
import { inverseAndVolume, type Mapped } from "./transforms/contract.ts"

/** The distribution of `transform(x)`. It can draw differentiably if `B` can. */
export type Transformed<B extends Distribution, C extends string> = TransformedDistribution<B, C> &
  (B extends Reparameterized ? Pick<Reparameterized, "rsample"> : unknown)

/**
 * Makes the distribution of `transform(x)`. The base's events must be those the transform maps together (use
 * `toEvent`), on the transform's domain. A batch grows to the shape of the transform's own parameters.
 */
export const Transformed = <B extends Distribution, C extends string>(
  base: B,
  transform: Transform<B["support"]["name"], C>,
): Transformed<B, C> => {
  const made = new TransformedDistribution(base, transform)
  const drawer = made.base as Distribution & Partial<Pick<Reparameterized, "rsample">>
  const rsample =
    drawer.rsample && ((key: Key, shape?: Shape) => made.push(() => drawer.rsample!(key, shape), true))
  return Object.assign(made, rsample && { rsample }) as unknown as Transformed<B, C>
}

/** See {@link Transformed}. */
export class TransformedDistribution<B extends Distribution, C extends string>
  implements Distribution<C, B["gradient"]>
{
  readonly family = "Transformed"
  readonly base: B
  readonly transform: Transform<B["support"]["name"], C>
  readonly support: Support<C>
  readonly gradient: B["gradient"]
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly params: Readonly<Record<string, Parameter>>
  readonly problem: InvalidParameter | ShapeMismatch | undefined
  readonly #origins = new WeakMap<tf.Tensor, Origin>()

  constructor(base: B, transform: Transform<B["support"]["name"], C>) {
    const rank = base.eventShape.length
    const image = transform.forwardShape([...base.batchShape, ...base.eventShape])
    const source = image && transform.inverseShape(image)
    const fits = source !== undefined && rank >= transform.eventRank
    const batch = fits ? source.slice(0, source.length - rank) : base.batchShape
    this.base = equals(batch, base.batchShape) ? base : base.expand(batch)
    this.transform = transform
    this.support = independentSupport(transform.codomain, Math.max(rank - transform.eventRank, 0))
    this.gradient = base.gradient
    this.batchShape = batch
    this.eventShape = fits ? image!.slice(batch.length) : base.eventShape
    this.params = { ...base.params, ...prefixed("transform", transform) }
    this.problem =
      base.problem ??
      transformProblem(transform) ??
      (fits && equals(source.slice(batch.length), base.eventShape) ? undefined : misfit(base, transform)) ??
      (base.support.name === transform.domain.name ? undefined : wrongDomain(base, transform))
  }

  sample(key: Key, shape: Shape = []): tf.Tensor {
    // Where the transform has parameters, the x of a fixed y depends on them: only the inverse knows how. That is of
    // no account where nobody differentiates.
    const { params, opaque } = this.transform
    const isFixed = opaque !== true && Object.keys(params).length === 0
    return this.push(
      () => this.base.sample(key, shape),
      isFixed || tf.engine().state.gradientDepth === 0,
      detach,
    )
  }

  /** Log-density: −∞, with a gradient of zero, outside the transform's image. */
  logProb(value: tf.Tensor): tf.Tensor {
    if (this.problem !== undefined) throw this.problem
    return tf.tidy(() => {
      const batch = scoredShape(this, value, "logProb")
      const origin = this.#origins.get(value)
      if (origin !== undefined && isCurrent(origin)) {
        const { x, volume = this.transform.logAbsDetJacobian(x, value) } = origin
        return this.#density({ value: x, volume })
      }
      const { inside, cellRank, member } = this.transform.codomain
      const y = float(value)
      if (inside === undefined) return broadcastTo(this.#density(inverseAndVolume(this.transform, y)), batch)
      const other = toTensor(member(this.eventShape.at(-1) ?? 1))
      const safe = where(() => expandRight(inside(y), cellRank), y, other)
      const density = this.#density(inverseAndVolume(this.transform, safe))
      return broadcastTo(
        where(() => allRightmost(inside(y), this.eventShape.length - cellRank), density, -Infinity),
        batch,
      )
    })
  }

  expand(batchShape: Shape): this {
    return Transformed(this.base.expand(batchShape), this.transform) as unknown as this
  }

  /** The last `n` batch dimensions become part of the event. */
  toEvent(n = 1): Independent<this> {
    return independent(this, n)
  }

  /** @internal A draw of the base and its image. `remember` says whether the draw stands for its image's inverse. */
  push(
    draw: () => tf.Tensor,
    remember: boolean,
    image: (body: () => tf.Tensor) => tf.Tensor = (body) => body(),
  ) {
    if (this.problem !== undefined) throw this.problem
    const x = draw()
    // Only an enclosing tidy will free x when it is done with.
    const keeps = remember && tf.engine().state.activeScope != null
    const { forward, forwardAndVolume } = this.transform
    const map = (): { value: tf.Tensor; volume?: tf.Tensor } =>
      keeps && forwardAndVolume ? forwardAndVolume(x) : { value: image(() => forward(x)) }
    const { value: y, volume } = orDispose(x, () => tf.tidy(map))
    if (keeps) this.#origins.set(y, { x, volume, ...tape() })
    else if (x !== y) x.dispose()
    return y
  }

  #density({ value: x, volume }: Mapped): tf.Tensor {
    return tf.sub(
      this.base.logProb(x),
      sumRightmost(volume, this.base.eventShape.length - this.transform.eventRank),
    )
  }
}

/** What `body` gives; where it throws, as a map that asks a network may, `x` is not left behind. */
const orDispose = <A>(x: tf.Tensor, body: () => A): A => {
  try {
    return body()
  } catch (thrown) {
    x.dispose()
    throw thrown
  }
}

/** Where a draw came from, and the gradient in which it was made. */
interface Origin {
  readonly x: tf.Tensor
  /** Where the transform finds it along with the draw. */
  readonly volume: tf.Tensor | undefined
  readonly tape: unknown
  readonly depth: number
}

const tape = () => {
  const { activeTape, gradientDepth } = tf.engine().state
  return { tape: gradientDepth === 0 ? null : activeTape, depth: gradientDepth }
}

/** Within another gradient the draw may be what is differentiated, and then x must be a function of it. */
const isCurrent = (origin: Origin): boolean => {
  const now = tape()
  const isAlive = !origin.x.isDisposed && origin.volume?.isDisposed !== true
  return isAlive && origin.tape === now.tape && origin.depth === now.depth
}

const allRightmost = (x: tf.Tensor, n: number): tf.Tensor =>
  n === 0
    ? x
    : tf.all(
        x,
        Array.from({ length: n }, (_, i) => x.rank - n + i),
      )

/** What is wrong with the parameters, map by map: of several, each has a batch of its own rank. */
const transformProblem = (transform: Transform): InvalidParameter | ShapeMismatch | undefined => {
  const named = Object.entries(prefixed("transform", transform))
  const maps = Object.groupBy(named, ([name]) => name.slice(0, name.lastIndexOf(".")))
  for (const params of Object.values(maps)) {
    const problem = parameterProblem("Transformed", Object.fromEntries(params!))
    if (problem !== undefined) return problem
  }
  return undefined
}

const misfit = (base: Distribution, transform: Transform): ShapeMismatch =>
  new ShapeMismatch({
    where: `Transformed(${base.family}, ${transform.name})`,
    expected:
      base.eventShape.length < transform.eventRank
        ? `a base with events of rank ${transform.eventRank} at least (use toEvent)`
        : "a base whose event the transform maps",
    found: `batch shape ${format(base.batchShape)}, event shape ${format(base.eventShape)}`,
  })

const wrongDomain = (base: Distribution, transform: Transform): InvalidParameter =>
  new InvalidParameter({
    family: "Transformed",
    parameter: "transform",
    constraint: `a map from "${base.support.name}", which the base is on`,
    found: `${transform.name}, a map from "${transform.domain.name}"`,
    index: [],
  })
