/**
 * Small models and guides with all that their draws can be: what the gradient of an objective's estimate is in
 * expectation, exactly, in float64 and without the library.
 *
 * A world is one or more members, each independent of the others and with an objective of its own. A member lists its
 * draws (all values of discrete sites; nodes of a quadrature over the noise of normal ones) with their probabilities, and
 * scores them. To estimate a gradient many times at once, the whole world stands in a plate of repeats with a copy of
 * each parameter for each: the gradient in the copies is as many independent estimates.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Bernoulli, Categorical, Normal, observe, param, plate, sample } from "../../../src/index.ts"
import { normal } from "../../effects/numbers.ts"

/** Parameters by name, all on the real line. */
export type At = Readonly<Record<string, number>>

/** One possible draw of a member's sites. */
export interface Atom {
  readonly z: ReadonlyArray<number>
  readonly probability: number
}

export interface Member {
  readonly draws: (at: At) => ReadonlyArray<Atom>
  /** log p(x, z) and log q(z), with the scales that plates give to what they hold. */
  readonly logJoint: (z: ReadonlyArray<number>, at: At) => number
  readonly logGuide: (z: ReadonlyArray<number>, at: At) => number
}

export interface World {
  readonly at: At
  readonly members: ReadonlyArray<Member>
  /** How many times each member counts. */
  readonly scale: number
  /** The programs, in a plate of so many repeats, or in none. */
  readonly model: (repeats?: number) => Effect.Effect<unknown, never, unknown>
  readonly guide: (repeats?: number) => Effect.Effect<unknown, never, unknown>
}

export type Program = Effect.Effect<unknown, never, unknown>

export const repeated = (repeats: number | undefined, program: Program): Program =>
  repeats === undefined ? program : plate("repeats", { size: repeats, dim: -1 })(program)

/** One row of data for each member of a plate that stands left of the repeats. */
export const rowsOf = (x: ReadonlyArray<number>, repeats: number | undefined): tf.Tensor =>
  tf.tile(tf.tensor2d([...x], [x.length, 1]), [1, repeats ?? 1])

export const inRows = (size: number, x: ReadonlyArray<number>) =>
  plate("rows", { size, subsample: x.length, dim: -2 })

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
export const logBernoulli = (z: number, logit: number): number => Math.log(sigmoid(z === 1 ? logit : -logit))
const logSoftmax = (logits: ReadonlyArray<number>): ReadonlyArray<number> => {
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0))
  return logits.map((l) => l - total)
}
export const coin = (logit: number): ReadonlyArray<Atom> =>
  [0, 1].map((z) => ({ z: [z], probability: Math.exp(logBernoulli(z, logit)) }))

/** A trapezoid rule over the noise of a normal draw, out to six standard deviations. */
export const gauss = (loc: number, scale: number): ReadonlyArray<Atom> =>
  Array.from({ length: 61 }, (_, i) => {
    const e = (i - 30) / 5
    return { z: [loc + scale * e], probability: Math.exp(normal(e, 0, 1)) / 5 }
  })

/** Draws one after the other. */
export const andThen = (
  first: ReadonlyArray<Atom>,
  next: (z: ReadonlyArray<number>) => ReadonlyArray<Atom>,
) =>
  first.flatMap((a) =>
    next(a.z).map((b) => ({ z: [...a.z, ...b.z], probability: a.probability * b.probability })),
  )

const pick = (table: ReadonlyArray<number>, z: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor1d([...table]), tf.cast(z, "int32"))

/** z ~ N(0, 1), x ~ N(w z, 0.5²); q(z) = N(m + 0.3 x, (eˢ)²): pathwise. */
export const pathwise = (x: ReadonlyArray<number>, size?: number): World => {
  const around = (repeats: number | undefined, program: Program) =>
    repeated(repeats, size === undefined ? program : inRows(size, x)(program))
  const data = (repeats: number | undefined) =>
    size === undefined ? tf.fill(repeats === undefined ? [] : [repeats], x[0]!) : rowsOf(x, repeats)
  return {
    at: { w: 1.2, m: 0.3, s: -0.6 },
    scale: (size ?? 1) / x.length,
    members: x.map((x) => ({
      draws: (at) => gauss(at.m! + 0.3 * x, Math.exp(at.s!)),
      logJoint: ([z], at) => normal(z!, 0, 1) + normal(x, at.w! * z!, 0.5),
      logGuide: ([z], at) => normal(z!, at.m! + 0.3 * x, Math.exp(at.s!)),
    })),
    model: (repeats) =>
      around(
        repeats,
        Effect.gen(function* () {
          const w = yield* param("w", 0)
          const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
          yield* observe("x", Normal({ loc: tf.mul(w, z), scale: 0.5 }), data(repeats))
        }),
      ),
    guide: (repeats) =>
      around(
        repeats,
        Effect.gen(function* () {
          const loc = tf.add(yield* param("m", 0), tf.mul(data(repeats), 0.3))
          yield* sample("z", Normal({ loc, scale: tf.exp(yield* param("s", 0)) }))
        }),
      ),
  }
}

const centers = [0.2, 1.5, -1] as const

/** z ~ Categorical(0, w, −0.4), x ~ N(center_z, 0.7²); q(z) = Categorical(0, a + 0.2 x, b): discrete. */
export const discrete = (x: ReadonlyArray<number>, size?: number): World => {
  const around = (repeats: number | undefined, program: Program) =>
    repeated(repeats, size === undefined ? program : inRows(size, x)(program))
  const data = (repeats: number | undefined) =>
    size === undefined ? tf.fill(repeats === undefined ? [] : [repeats], x[0]!) : rowsOf(x, repeats)
  const stacked = (logits: ReadonlyArray<tf.Tensor | number>, like: tf.Tensor) =>
    tf.stack(
      logits.map((logit) => tf.add(logit, tf.zerosLike(like))),
      -1,
    )
  const guideOf = (x: number, at: At) => logSoftmax([0, at.a! + 0.2 * x, at.b!])
  return {
    at: { w: 0.5, a: -0.3, b: 0.4 },
    scale: (size ?? 1) / x.length,
    members: x.map((x) => ({
      draws: (at) => guideOf(x, at).map((l, z) => ({ z: [z], probability: Math.exp(l) })),
      logJoint: ([z], at) => logSoftmax([0, at.w!, -0.4])[z!]! + normal(x, centers[z!]!, 0.7),
      logGuide: ([z], at) => guideOf(x, at)[z!]!,
    })),
    model: (repeats) =>
      around(
        repeats,
        Effect.gen(function* () {
          const z = yield* sample(
            "z",
            Categorical({ logits: stacked([0, yield* param("w", 0), -0.4], data(repeats)) }),
          )
          yield* observe("x", Normal({ loc: pick(centers, z), scale: 0.7 }), data(repeats))
        }),
      ),
    guide: (repeats) =>
      around(
        repeats,
        Effect.gen(function* () {
          const x = data(repeats)
          const a = tf.add(yield* param("a", 0), tf.mul(x, 0.2))
          yield* sample("z", Categorical({ logits: stacked([0, a, yield* param("b", 0)], x) }))
        }),
      ),
  }
}

/** A coin, and then a normal that depends on it: c ~ Bernoulli(σ(w)), z ~ N(2c − 1, 1), x ~ N(z + c, 0.6²). */
export const mixed = (x: ReadonlyArray<number>, size: number): World => ({
  at: { w: 0.3, a: -0.2, m: 0.4, s: -0.3 },
  scale: size / x.length,
  members: x.map((x) => ({
    draws: (at) => andThen(coin(at.a! + 0.5 * x), ([c]) => gauss(at.m! * x + 0.7 * c!, Math.exp(at.s!))),
    logJoint: ([c, z], at) => logBernoulli(c!, at.w!) + normal(z!, 2 * c! - 1, 1) + normal(x, z! + c!, 0.6),
    logGuide: ([c, z], at) =>
      logBernoulli(c!, at.a! + 0.5 * x) + normal(z!, at.m! * x + 0.7 * c!, Math.exp(at.s!)),
  })),
  model: (repeats) =>
    repeated(
      repeats,
      inRows(
        size,
        x,
      )(
        Effect.gen(function* () {
          const c = yield* sample("c", Bernoulli({ logits: yield* param("w", 0) }))
          const z = yield* sample("z", Normal({ loc: tf.sub(tf.mul(c, 2), 1), scale: 1 }))
          yield* observe("x", Normal({ loc: tf.add(z, c), scale: 0.6 }), rowsOf(x, repeats))
        }),
      ),
    ),
  guide: (repeats) =>
    repeated(
      repeats,
      inRows(
        size,
        x,
      )(
        Effect.gen(function* () {
          const data = rowsOf(x, repeats)
          const c = yield* sample("c", Bernoulli({ logits: tf.add(yield* param("a", 0), tf.mul(data, 0.5)) }))
          const loc = tf.add(tf.mul(yield* param("m", 0), data), tf.mul(c, 0.7))
          yield* sample("z", Normal({ loc, scale: tf.exp(yield* param("s", 0)) }))
        }),
      ),
    ),
})

/** A pathwise draw whose value the chances of a coin depend on: z ~ N(0, 1), c ~ Bernoulli(σ(w z)), x ~ N(z + c, 0.8²). */
export const pathThenCoin = (x: number): World => ({
  at: { w: 0.7, m: 0.4, s: -0.3, a: 0.6 },
  scale: 1,
  members: [
    {
      draws: (at) => andThen(gauss(at.m!, Math.exp(at.s!)), ([z]) => coin(at.a! * z!)),
      logJoint: ([z, c], at) => normal(z!, 0, 1) + logBernoulli(c!, at.w! * z!) + normal(x, z! + c!, 0.8),
      logGuide: ([z, c], at) => normal(z!, at.m!, Math.exp(at.s!)) + logBernoulli(c!, at.a! * z!),
    },
  ],
  model: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
        const c = yield* sample("c", Bernoulli({ logits: tf.mul(yield* param("w", 0), z) }))
        yield* observe("x", Normal({ loc: tf.add(z, c), scale: 0.8 }), tf.fill(z.shape, x))
      }),
    ),
  guide: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const z = yield* sample(
          "z",
          Normal({ loc: yield* param("m", 0), scale: tf.exp(yield* param("s", 0)) }),
        )
        yield* sample("c", Bernoulli({ logits: tf.mul(yield* param("a", 0), z) }))
      }),
    ),
})

/** One normal mean for all rows: mu ~ N(0, 1), x_n ~ N(w mu, 1); q(mu) = N(m, (eˢ)²). */
export const global = (x: ReadonlyArray<number>, size: number): World => ({
  at: { w: 0.8, m: 0.2, s: -0.7 },
  scale: 1,
  members: [
    {
      draws: (at) => gauss(at.m!, Math.exp(at.s!)),
      logJoint: ([mu], at) =>
        normal(mu!, 0, 1) + (size / x.length) * x.reduce((sum, x) => sum + normal(x, at.w! * mu!, 1), 0),
      logGuide: ([mu], at) => normal(mu!, at.m!, Math.exp(at.s!)),
    },
  ],
  model: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const w = yield* param("w", 0)
        const mu = yield* sample("mu", Normal({ loc: 0, scale: 1 }))
        yield* inRows(size, x)(observe("x", Normal({ loc: tf.mul(w, mu), scale: 1 }), rowsOf(x, repeats)))
      }),
    ),
  guide: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        yield* sample("mu", Normal({ loc: yield* param("m", 0), scale: tf.exp(yield* param("s", 0)) }))
      }),
    ),
})

/** All values of a global coin c and of a coin z_n for each row. */
const cells = (rows: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: 2 ** (rows + 1) }, (_, i) => Array.from({ length: rows + 1 }, (_, j) => (i >> j) & 1))

/**
 * c ~ Bernoulli(σ(w)), z_n ~ Bernoulli(σ(2c − 1)), x_n ~ N(z_n + c, 0.7²): coins global and local. `order` is that of the
 * guide: q(c) q(z | c); or q(z) q(c | Σ z), where a row's coin moves what all rows see.
 */
export const coins = (
  order: "global first" | "local first",
  x: ReadonlyArray<number>,
  size: number,
): World => {
  const times = size / x.length
  const isFirst = order === "global first"
  const local = (at: At, c: number, x: number) => at.a! + 0.4 * x + (isFirst ? at.b! * c : 0)
  const overall = (at: At, z: ReadonlyArray<number>) =>
    at.d! + (isFirst ? 0 : at.b! * z.reduce((sum, z) => sum + z, 0))
  const logGuide = ([c, ...z]: ReadonlyArray<number>, at: At, times: number) =>
    logBernoulli(c!, overall(at, z)) +
    times * z.reduce((sum, z, n) => sum + logBernoulli(z, local(at, c!, x[n]!)), 0)
  return {
    at: { w: 0.2, a: -0.3, b: 0.9, d: 0.1 },
    scale: 1,
    members: [
      {
        draws: (at) => cells(x.length).map((z) => ({ z, probability: Math.exp(logGuide(z, at, 1)) })),
        logJoint: ([c, ...z], at) =>
          logBernoulli(c!, at.w!) +
          times * z.reduce((sum, z, n) => sum + logBernoulli(z, 2 * c! - 1) + normal(x[n]!, z + c!, 0.7), 0),
        logGuide: (z, at) => logGuide(z, at, times),
      },
    ],
    model: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const c = yield* sample("c", Bernoulli({ logits: yield* param("w", 0) }))
          yield* Effect.gen(function* () {
            const z = yield* sample("z", Bernoulli({ logits: tf.sub(tf.mul(c, 2), 1) }))
            yield* observe("x", Normal({ loc: tf.add(z, c), scale: 0.7 }), rowsOf(x, repeats))
          }).pipe(inRows(size, x))
        }),
      ),
    guide: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const [a, b, d] = [yield* param("a", 0), yield* param("b", 0), yield* param("d", 0)]
          const base = tf.add(a, tf.mul(rowsOf(x, repeats), 0.4))
          if (isFirst) {
            const c = yield* sample("c", Bernoulli({ logits: d }))
            yield* inRows(size, x)(sample("z", Bernoulli({ logits: tf.add(base, tf.mul(b, c)) })))
          } else {
            const z = yield* inRows(size, x)(sample("z", Bernoulli({ logits: base })))
            yield* sample("c", Bernoulli({ logits: tf.add(d, tf.mul(b, tf.reshape(tf.sum(z, 0), d.shape))) }))
          }
        }),
      ),
  }
}

/** a ~ Bernoulli(σ(w)), b ~ Bernoulli(σ(2a − 1)), x ~ N(b, 0.7²); the guide draws b first, and then a. */
export const turned = (x: number): World => ({
  at: { w: 0.4, c: -0.3, d: 0.8 },
  scale: 1,
  members: [
    {
      draws: (at) => andThen(coin(at.c!), ([b]) => coin(at.d! * b! - 0.2)),
      logJoint: ([b, a], at) => logBernoulli(a!, at.w!) + logBernoulli(b!, 2 * a! - 1) + normal(x, b!, 0.7),
      logGuide: ([b, a], at) => logBernoulli(b!, at.c!) + logBernoulli(a!, at.d! * b! - 0.2),
    },
  ],
  model: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const a = yield* sample("a", Bernoulli({ logits: yield* param("w", 0) }))
        const b = yield* sample("b", Bernoulli({ logits: tf.sub(tf.mul(a, 2), 1) }))
        yield* observe("x", Normal({ loc: b, scale: 0.7 }), tf.fill(b.shape, x))
      }),
    ),
  guide: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const b = yield* sample("b", Bernoulli({ logits: yield* param("c", 0) }))
        yield* sample("a", Bernoulli({ logits: tf.sub(tf.mul(yield* param("d", 0), b), 0.2) }))
      }),
    ),
})

/** What an objective's gradient is the gradient of, as a function of parameters `at`, for gradients taken at `from`. */
export type Target = (member: Member, at: At, from: At) => number

/** The expectation of a function of the log-weights of `count` draws. */
export const ofLogWeights =
  (count: number, f: (logWeights: ReadonlyArray<number>) => number): Target =>
  ({ draws, logJoint, logGuide }, at) =>
    overTuples(
      draws(at).map(({ z, probability }) => ({ probability, logWeight: logJoint(z, at) - logGuide(z, at) })),
      count,
      (tuple) => f(tuple.map(({ logWeight }) => logWeight)),
    )

/** Σ w̃ₖ (log p + log q), the draws and the weights being those at `from`. */
export const wakeTarget =
  (count: number): Target =>
  ({ draws, logJoint, logGuide }, at, from) =>
    overTuples(
      draws(from).map(({ z, probability }) => ({
        probability,
        weight: Math.exp(logJoint(z, from) - logGuide(z, from)),
        both: logJoint(z, at) + logGuide(z, at),
      })),
      count,
      (tuple) =>
        tuple.reduce((sum, { weight, both }) => sum + weight * both, 0) /
        tuple.reduce((sum, { weight }) => sum + weight, 0),
    )

const overTuples = <A extends { readonly probability: number }>(
  atoms: ReadonlyArray<A>,
  count: number,
  f: (tuple: ReadonlyArray<A>) => number,
): number => {
  const tuple = new Array<A>(count)
  const visit = (place: number, probability: number): number => {
    if (place === count) return probability * f(tuple)
    let sum = 0
    for (const atom of atoms) {
      tuple[place] = atom
      sum += visit(place + 1, probability * atom.probability)
    }
    return sum
  }
  return visit(0, 1)
}

/** The exact gradient of what descends, −Σ over members, by central differences. */
export const exactGradient = (world: World, target: Target): At =>
  Object.fromEntries(
    Object.entries(world.at).map(([name, value]) => {
      const h = 1e-4
      const total = (value: number) =>
        world.members.reduce(
          (sum, member) => sum + world.scale * target(member, { ...world.at, [name]: value }, world.at),
          0,
        )
      return [name, -(total(value + h) - total(value - h)) / (2 * h)]
    }),
  )
