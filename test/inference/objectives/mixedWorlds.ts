/**
 * Worlds with sites of every kind: coins, which can be summed over, normals, whose draws have a gradient, and Poisson
 * counts, which have neither a list of values nor a gradient. Their sums are cut off where what is left is below 1e-9.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Bernoulli, Normal, observe, Poisson, param, sample, withBaselines } from "../../../src/index.ts"
import { normal } from "../../effects/numbers.ts"
import {
  type At,
  type Atom,
  andThen,
  coin,
  gauss,
  inRows,
  logBernoulli,
  type Program,
  repeated,
  rowsOf,
  type World,
} from "./worlds.ts"

const logPoisson = (k: number, logRate: number): number => {
  let logFactorial = 0
  for (let i = 2; i <= k; i++) logFactorial += Math.log(i)
  return k * logRate - Math.exp(logRate) - logFactorial
}
const poisson = (logRate: number): ReadonlyArray<Atom> =>
  Array.from({ length: 19 }, (_, k) => ({ z: [k], probability: Math.exp(logPoisson(k, logRate)) }))
const logSumExp = (terms: ReadonlyArray<number>): number => {
  const most = Math.max(...terms)
  return most + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - most), 0))
}
const sumOf = (terms: ReadonlyArray<number>): number => terms.reduce((a, b) => a + b, 0)
/** Every number there is, added up. */
const plus = (...terms: ReadonlyArray<tf.Tensor | number>): tf.Tensor =>
  terms.reduce<tf.Tensor>((sum, term) => tf.add(sum, term), tf.scalar(0))
const times = (a: tf.Tensor | number, b: tf.Tensor | number): tf.Tensor => tf.mul(a, b)

/** The order in which a guide draws its coin c, its count k and its normal z. */
export type Order = "c k z" | "k c z" | "z k c" | "c z k" | "z c k"

type Sites = Readonly<Record<"c" | "k" | "z", number>>

/**
 * For each row c ~ Bernoulli(σ(w)), k ~ Poisson(e^(0.3c − 0.2)), z ~ N(c − 0.4k, 1), a coin e of the model's own, and
 * x ~ N(z + c + 0.5k + 0.8e, 0.8²). In the guide each site depends on those drawn before it.
 */
export const three = (order: Order, x: ReadonlyArray<number>, size: number): World => {
  const names = order.split(" ") as ReadonlyArray<keyof Sites>
  const before = (name: keyof Sites, of: keyof Sites) => names.indexOf(of) < names.indexOf(name)
  /** Of what was drawn so far, or of zeros. */
  const weights = (name: keyof Sites, c: number, k: number, z: number) => ({
    c: before(name, "c") ? c : 0,
    k: before(name, "k") ? k : 0,
    z: before(name, "z") ? z : 0,
  })
  const coefficients = {
    c: weights("c", 0, 0.5, 0.6),
    k: weights("k", 0.7, 0, 0.25),
    z: weights("z", 0.8, -0.3, 0),
  }
  const location = (name: keyof Sites, { c, k, z }: Sites, at: At, x: number) => {
    const own = { c: at.a! + 0.4 * x, k: at.r! - 0.3 * x, z: at.m! * x }[name]
    const w = coefficients[name]
    return own + w.c * c + w.k * k + w.z * z
  }
  const asSites = (values: ReadonlyArray<number>): Sites => {
    const sites = { c: 0, k: 0, z: 0 }
    values.forEach((value, i) => {
      sites[names[i]!] = value
    })
    return sites
  }
  const logGuide = (sites: Sites, at: At, x: number) =>
    logBernoulli(sites.c, location("c", sites, at, x)) +
    logPoisson(sites.k, location("k", sites, at, x)) +
    normal(sites.z, location("z", sites, at, x), Math.exp(at.s!))
  return {
    at: { w: 0.3, a: -0.2, r: -0.4, m: 0.4, s: -0.3 },
    scale: size / x.length,
    members: x.map((x) => ({
      draws: (at) =>
        names.reduce<ReadonlyArray<Atom>>(
          (atoms, name) =>
            andThen(atoms, (z) => {
              const loc = location(name, asSites(z), at, x)
              return { c: () => coin(loc), k: () => poisson(loc), z: () => gauss(loc, Math.exp(at.s!)) }[
                name
              ]()
            }),
          [{ z: [], probability: 1 }],
        ),
      logJoint: (values, at) => {
        const { c, k, z } = asSites(values)
        const likelihood = (e: number) => logBernoulli(e, -0.8) + normal(x, z + c + 0.5 * k + 0.8 * e, 0.8)
        return (
          logBernoulli(c, at.w!) +
          logPoisson(k, 0.3 * c - 0.2) +
          normal(z, c - 0.4 * k, 1) +
          logSumExp([likelihood(0), likelihood(1)])
        )
      },
      logGuide: (values, at) => logGuide(asSites(values), at, x),
    })),
    model: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const c = yield* sample("c", Bernoulli({ logits: yield* param("w", 0) }))
          const k = yield* sample("k", Poisson({ rate: tf.exp(tf.sub(tf.mul(c, 0.3), 0.2)) }))
          const z = yield* sample("z", Normal({ loc: tf.sub(c, tf.mul(k, 0.4)), scale: 1 }))
          const e = yield* sample("e", Bernoulli({ logits: -0.8 }))
          const loc = plus(z, c, times(0.5, k), times(0.8, e))
          yield* observe("x", Normal({ loc, scale: 0.8 }), rowsOf(x, repeats))
        }).pipe(inRows(size, x)),
      ),
    guide: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const data = rowsOf(x, repeats)
          const drawn: Record<keyof Sites, tf.Tensor | number> = { c: 0, k: 0, z: 0 }
          for (const name of names) {
            const w = coefficients[name]
            const rest = plus(times(w.c, drawn.c), times(w.k, drawn.k), times(w.z, drawn.z))
            if (name === "c") {
              const logits = plus(yield* param("a", 0), times(data, 0.4), rest)
              drawn.c = yield* sample("c", Bernoulli({ logits }))
            } else if (name === "k") {
              const logRate = plus(yield* param("r", 0), times(data, -0.3), rest)
              drawn.k = yield* sample("k", Poisson({ rate: tf.exp(logRate) }))
            } else {
              const loc = plus(times(yield* param("m", 0), data), rest)
              drawn.z = yield* sample("z", Normal({ loc, scale: tf.exp(yield* param("s", 0)) }))
            }
          }
        }).pipe(inRows(size, x)),
      ),
  }
}

/**
 * A coin w of the model's own stands outside the plate and ties its rows together: w ~ Bernoulli(σ(w)),
 * k_n ~ Poisson(e^(0.4w − 0.2)), x_n ~ N(0.6k_n + w, 0.8²).
 */
export const tied = (x: ReadonlyArray<number>, size: number): World => {
  const scale = size / x.length
  const logRate = (at: At, x: number) => at.r! + at.b! * x
  return {
    at: { w: 0.4, r: 0.6, b: 0.5 },
    scale: 1,
    members: [
      {
        draws: (at) =>
          x.reduce<ReadonlyArray<Atom>>(
            (atoms, x) => andThen(atoms, () => poisson(logRate(at, x))),
            [{ z: [], probability: 1 }],
          ),
        logJoint: (k, at) =>
          logSumExp(
            [0, 1].map(
              (w) =>
                logBernoulli(w, at.w!) +
                scale *
                  sumOf(k.map((k, n) => logPoisson(k, 0.4 * w - 0.2) + normal(x[n]!, 0.6 * k + w, 0.8))),
            ),
          ),
        logGuide: (k, at) => scale * sumOf(k.map((k, n) => logPoisson(k, logRate(at, x[n]!)))),
      },
    ],
    model: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const w = yield* sample("coin", Bernoulli({ logits: yield* param("w", 0) }))
          yield* Effect.gen(function* () {
            const k = yield* sample("k", Poisson({ rate: tf.exp(tf.sub(tf.mul(w, 0.4), 0.2)) }))
            yield* observe("x", Normal({ loc: plus(times(0.6, k), w), scale: 0.8 }), rowsOf(x, repeats))
          }).pipe(inRows(size, x))
        }),
      ),
    guide: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const logRate = plus(yield* param("r", 0), times(yield* param("b", 0), rowsOf(x, repeats)))
          yield* sample("k", Poisson({ rate: tf.exp(logRate) }))
        }).pipe(inRows(size, x)),
      ),
  }
}

/**
 * A count between two coins, a → k → b in the guide: what the model says of b alone depends on k, and on the value of a
 * that k was drawn for, by b's probability only. a ~ Bernoulli(0.6), k ~ Poisson(1), b ~ Bernoulli(σ(w)),
 * x ~ N(1.5b, 0.7²), y ~ N(0.4k + a, 1).
 */
export const between = (x: number, y: number): World => ({
  at: { w: 0.5, a: 0.3, r: 0.5, d: 0.7 },
  scale: 1,
  members: [
    {
      draws: (at) =>
        andThen(
          andThen(coin(at.a!), ([a]) => poisson(at.r! + 0.8 * a!)),
          ([, k]) => coin(at.d! * k! - 0.6),
        ),
      logJoint: ([a, k, b], at) =>
        logBernoulli(a!, Math.log(1.5)) +
        logPoisson(k!, 0) +
        logBernoulli(b!, at.w!) +
        normal(x, 1.5 * b!, 0.7) +
        normal(y, 0.4 * k! + a!, 1),
      logGuide: ([a, k, b], at) =>
        logBernoulli(a!, at.a!) + logPoisson(k!, at.r! + 0.8 * a!) + logBernoulli(b!, at.d! * k! - 0.6),
    },
  ],
  model: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const filled = (x: number) => tf.fill(repeats === undefined ? [] : [repeats], x)
        const a = yield* sample("a", Bernoulli({ probs: 0.6 }))
        const k = yield* sample("k", Poisson({ rate: 1 }))
        const b = yield* sample("b", Bernoulli({ logits: yield* param("w", 0) }))
        yield* observe("x", Normal({ loc: times(1.5, b), scale: 0.7 }), filled(x))
        yield* observe("y", Normal({ loc: plus(times(0.4, k), a), scale: 1 }), filled(y))
      }),
    ),
  guide: (repeats) =>
    repeated(
      repeats,
      Effect.gen(function* () {
        const a = yield* sample("a", Bernoulli({ logits: yield* param("a", 0) }))
        const k = yield* sample("k", Poisson({ rate: tf.exp(plus(yield* param("r", 0), times(0.8, a))) }))
        yield* sample("b", Bernoulli({ logits: plus(times(yield* param("d", 0), k), -0.6) }))
      }),
    ),
})

/**
 * A count g for all rows, a coin and a normal for each: g ~ Poisson(1), c_n ~ Bernoulli(σ(w + 0.3g − 0.2)),
 * z_n ~ N(c_n, 1), x_n ~ N(z_n + 0.3g, 0.8²). A row's normal is summed by quadrature by itself.
 */
export const overRows = (x: ReadonlyArray<number>, size: number): World => {
  const scale = size / x.length
  const row = (at: At, g: number, x: number) =>
    andThen(coin(at.a! + 0.3 * x + 0.2 * g), ([c]) => gauss(at.m! * x + 0.6 * c! - 0.2 * g, 0.7)).reduce(
      (sum, { z: [c, z], probability }) =>
        sum +
        probability *
          (logBernoulli(c!, at.w! + 0.3 * g - 0.2) +
            normal(z!, c!, 1) +
            normal(x, z! + 0.3 * g, 0.8) -
            logBernoulli(c!, at.a! + 0.3 * x + 0.2 * g) -
            normal(z!, at.m! * x + 0.6 * c! - 0.2 * g, 0.7)),
      0,
    )
  return {
    at: { w: 0.4, a: -0.2, m: 0.9, r: 0.6 },
    scale: 1,
    members: [
      {
        draws: (at) => poisson(at.r!),
        // The rows' bound given g, which is linear in their log-weights, stands in for their terms.
        logJoint: ([g], at) => logPoisson(g!, 0) + scale * sumOf(x.map((x) => row(at, g!, x))),
        logGuide: ([g], at) => logPoisson(g!, at.r!),
      },
    ],
    model: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const w = yield* param("w", 0)
          const g = yield* sample("g", Poisson({ rate: 1 }))
          yield* Effect.gen(function* () {
            const c = yield* sample("c", Bernoulli({ logits: plus(w, times(0.3, g), -0.2) }))
            const z = yield* sample("z", Normal({ loc: c, scale: 1 }))
            yield* observe("x", Normal({ loc: plus(z, times(0.3, g)), scale: 0.8 }), rowsOf(x, repeats))
          }).pipe(inRows(size, x))
        }),
      ),
    guide: (repeats) =>
      repeated(
        repeats,
        Effect.gen(function* () {
          const [a, m] = [yield* param("a", 0), yield* param("m", 0)]
          const g = yield* sample("g", Poisson({ rate: tf.exp(yield* param("r", 0)) }))
          const data = rowsOf(x, repeats)
          yield* Effect.gen(function* () {
            const c = yield* sample("c", Bernoulli({ logits: plus(a, times(0.3, data), times(0.2, g)) }))
            const loc = plus(times(m, data), times(0.6, c), times(-0.2, g))
            yield* sample("z", Normal({ loc, scale: 0.7 }))
          }).pipe(inRows(size, x))
        }),
      ),
  }
}

/** The world with a baseline for `site` that is no good guess of anything, one number for each row. */
export const withBaseline = (world: World, site: string, x: ReadonlyArray<number>): World => ({
  ...world,
  guide: (repeats) => {
    const baseline = () => Effect.sync(() => tf.sub(tf.mul(rowsOf(x, repeats), 1.7), 0.6))
    const learned = withBaselines(() => world.guide(repeats), { [site]: baseline } as never)
    return learned(undefined) as Program
  },
})
