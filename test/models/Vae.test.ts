import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { replay } from "../../src/effects/handlers/replay.ts"
import { trace } from "../../src/effects/handlers/trace.ts"
import { logDensity } from "../../src/effects/logDensity.ts"
import type { Observe, Param, Sample } from "../../src/effects/Program.ts"
import { fitSVI } from "../../src/inference/fitSVI.ts"
import * as Vae from "../../src/models/Vae.ts"
import type { DenseParams } from "../../src/nn/dense.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import golden from "../goldens/vae.json" with { type: "json" }
import { expectTensor } from "../nn/support.ts"

const key = Key.key(0)

type Leaves = number | ReadonlyArray<unknown> | { readonly [name: string]: Leaves }

/** A golden's numbers as tensors. */
const tensors = (values: Leaves): Tree.Tree =>
  typeof values === "number" || Array.isArray(values)
    ? tf.tensor(values as tf.TensorLike, undefined, "float32")
    : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensors(value as Leaves)]))

layer(Backend.cpu())("Vae", (it) => {
  describe("against float64, at given weights, images and latents", () => {
    const { x, z, inputs, hidden, latent } = golden
    // Three of thirty images are present, so each counts ten times.
    const size = 30

    it.effect.each(golden.cases)("$name", (golden) =>
      Effect.gen(function* () {
        const vae = Vae.make({
          size,
          inputs,
          hidden,
          latent,
          observations: golden.observations as Vae.Observations,
          activation: golden.activation as "relu",
          ...(golden.name.includes("sigmoid") && { meanActivation: "sigmoid" as never }),
        })
        const params = tensors(golden.params) as never
        const at = { key, params }
        const images = tf.tensor(x)
        const latents = tf.tensor(z)

        const model = yield* trace(replay(vae.model(images), { z: latents }), at)
        expectTensor(model.sites.get("z")!.logProb, [3], golden.logPrior, 2e-6)
        expectTensor(model.sites.get("x")!.logProb, [3], golden.logLikelihood, 2e-6)

        const guide = yield* trace(replay(vae.guide(images), { z: latents }), at)
        expectTensor(guide.sites.get("z")!.logProb, [3], golden.logGuide, 2e-6)

        // The bound's two terms over all thirty images: E log p(x | z) − KL is −Σ of these, at one draw z.
        const total = (terms: ReadonlyArray<number>) => 10 * terms.reduce((a, b) => a + b)
        expectTensor(
          tf.sub(model.logDensity, guide.logDensity),
          [],
          [total(golden.logLikelihood) + total(golden.logPrior) - total(golden.logGuide)],
          2e-6,
        )

        const q = (yield* trace(vae.encode(images), at)).result
        expectTensor(q.mean(), [3, latent], golden.loc.flat(), 2e-6)
        expectTensor(tf.sqrt(q.variance()), [3, latent], golden.scale.flat(), 2e-6)
        expectTensor((yield* trace(vae.decode(latents), at)).result, [3, inputs], golden.mean.flat(), 2e-6)
      }),
    )
  })

  /**
   * A linear decoder with one fixed deviation s is probabilistic PCA (Tipping and Bishop, 1999): with one latent,
   * x = b + w z + s ε has log p(x) = −½ (D log 2πs² + log m + (|r|² − (w·r)² / (s² m)) / s²), where r = x − b and
   * m = 1 + |w|² / s², by the matrix inversion and determinant lemmas. Its posterior is N(w·r / (s² m), 1 / m).
   */
  describe("linear and Gaussian: probabilistic PCA", () => {
    const s = 0.5
    const w = [0.8, -0.6, 1.1]
    const b = [0.2, -0.1, 0.4]
    const images = [
      [1, -0.5, 0.3],
      [-0.7, 0.9, -1.2],
      [0.2, 2.1, 0.4],
    ]
    const dot = (a: ReadonlyArray<number>, c: ReadonlyArray<number>) =>
      a.reduce((sum, v, i) => sum + v * c[i]!, 0)
    const m = 1 + dot(w, w) / s ** 2
    const evidence = images.map((x) => {
      const r = x.map((v, i) => v - b[i]!)
      const quadratic = (dot(r, r) - dot(w, r) ** 2 / (s ** 2 * m)) / s ** 2
      return -0.5 * (3 * Math.log(2 * Math.PI * s ** 2) + Math.log(m) + quadratic)
    })

    const pca = (size: number) =>
      Vae.make({ size, inputs: 3, hidden: [], latent: 1, observations: { fixed: s } })
    const decoder = () => ({ 0: { kernel: tf.tensor([w]), bias: tf.tensor(b) } })
    /** The encoder that is the exact posterior. Its deviation does not depend on x. */
    const encoder = () => {
      const gain = w.map((v) => v / (s ** 2 * m))
      const raw = 10 * Math.atanh(Math.log(1 / Math.sqrt(m)) / 10)
      return {
        1: {
          loc: { kernel: tf.tensor(gain, [3, 1]), bias: tf.tensor([-dot(gain, b)]) },
          scale: { kernel: tf.zeros([3, 1]), bias: tf.tensor([raw]) },
        },
      }
    }

    it.effect("∫ exp logDensity dz is the exact likelihood", () =>
      Effect.gen(function* () {
        const { model } = pca(1)
        const params = { decoder: decoder() }
        // Trapezoids: for a Gaussian integrand of deviation 1/√m = 0.31 their error falls as exp(−2π²·4).
        const h = 0.15
        for (const [i, image] of images.entries()) {
          const x = tf.tensor([image])
          let sum = 0
          for (let z = -6; z <= 6; z += h) {
            const joint = yield* logDensity(model(x), { values: { z: [[z]] }, params })
            sum += Math.exp(joint.dataSync()[0]!) * h
          }
          expect(Math.log(sum)).toBeCloseTo(evidence[i]!, 5)
        }
      }),
    )

    it.effect("with the exact posterior as guide, the bound is the exact likelihood at every draw", () =>
      Effect.gen(function* () {
        const { model, guide } = pca(3)
        const x = tf.tensor(images)
        for (const seed of [1, 2, 3]) {
          const q = yield* trace(guide(x), { key: Key.key(seed), params: { encoder: encoder() } })
          const p = yield* trace(replay(model(x), { z: q.values.z }), { key, params: { decoder: decoder() } })
          const bound = tf.sub(
            tf.add(p.sites.get("x")!.logProb, p.sites.get("z")!.logProb),
            q.sites.get("z")!.logProb,
          )
          expectTensor(bound, [3], evidence, 3e-6)
          expectTensor(tf.sub(p.logDensity, q.logDensity), [], [evidence.reduce((a, b) => a + b)], 3e-6)
        }
      }),
    )
  })

  describe("the prior", () => {
    it.effect("draws a standard normal z for each image", () =>
      Effect.gen(function* () {
        const n = 5000
        const { model } = Vae.make({ size: 60_000, inputs: 2, hidden: [], latent: 3 })
        const { values, result } = yield* trace(model(tf.zeros([n, 2])), { key })
        expect(values.z.shape).toEqual([n, 3])
        expect(result.shape).toEqual([n, 2])
        const z = values.z.dataSync() as Float32Array
        const mean = z.reduce((sum, v) => sum + v, 0) / z.length
        const square = z.reduce((sum, v) => sum + v * v, 0) / z.length
        // Two-sided, 1e-6 each.
        expect(Math.abs(mean)).toBeLessThan(4.9 / Math.sqrt(z.length))
        expect(Math.abs(square - 1)).toBeLessThan(4.9 * Math.sqrt(2 / z.length))
      }),
    )

    it.effect("decodes to pictures, any number of them, with the default sizes", () =>
      Effect.gen(function* () {
        const vae = Vae.make({ size: 60_000 })
        const { result, params } = yield* trace(vae.decode(Key.normal(key, [4, 20])), { key })
        expect(result.shape).toEqual([4, 784])
        expect(result.dataSync().every((p) => p > 0 && p < 1)).toBe(true)
        expect(Tree.entries(params).map(([path, { shape }]) => [path, shape])).toEqual([
          ["decoder/0/kernel", [20, 400]],
          ["decoder/0/bias", [400]],
          ["decoder/1/kernel", [400, 784]],
          ["decoder/1/bias", [784]],
        ])
        const encoded = yield* trace(vae.encode(tf.zeros([2, 784])), { key })
        expect(Tree.entries(encoded.params).map(([path, { shape }]) => [path, shape])).toEqual([
          ["encoder/0/0/kernel", [784, 400]],
          ["encoder/0/0/bias", [400]],
          ["encoder/1/loc/kernel", [400, 20]],
          ["encoder/1/loc/bias", [20]],
          ["encoder/1/scale/kernel", [400, 20]],
          ["encoder/1/scale/bias", [20]],
        ])
      }),
    )

    it.effect("mirrors the encoder's hidden layers in the decoder", () =>
      Effect.gen(function* () {
        const vae = Vae.make({ size: 9, inputs: 6, hidden: [5, 4], latent: 2, observations: "gaussian" })
        const x = tf.zeros([1, 6])
        const shapes = (params: Tree.Tree) =>
          Tree.entries(params)
            .map(([path, { shape }]) => `${path} ${shape}`)
            .filter((s) => s.includes("kernel"))
        expect(shapes((yield* trace(vae.guide(x), { key })).params)).toEqual([
          "encoder/0/0/kernel 6,5",
          "encoder/0/1/kernel 5,4",
          "encoder/1/loc/kernel 4,2",
          "encoder/1/scale/kernel 4,2",
        ])
        expect(shapes((yield* trace(vae.model(x), { key })).params)).toEqual([
          "decoder/0/0/kernel 2,4",
          "decoder/0/1/kernel 4,5",
          "decoder/1/loc/kernel 5,6",
          "decoder/1/scale/kernel 5,6",
        ])
      }),
    )
  })

  it("says what it asks for in its type", () => {
    type Two = { readonly 0: DenseParams; readonly 1: DenseParams }
    type Heads = { readonly loc: DenseParams; readonly scale: DenseParams }
    type Z = Sample<"z", "real", "pathwise">
    type Program<A, R> = Effect.Effect<A, never, R>

    const vae = Vae.make({ size: 60_000 })
    expectTypeOf(vae.model).returns.toEqualTypeOf<
      Program<tf.Tensor, Z | Observe<"x"> | Param<"decoder", Two>>
    >()
    expectTypeOf(vae.guide).returns.toEqualTypeOf<
      Program<tf.Tensor, Z | Param<"encoder", { readonly 0: { readonly 0: DenseParams }; readonly 1: Heads }>>
    >()
    expectTypeOf(vae.decode).returns.toEqualTypeOf<Program<tf.Tensor, Param<"decoder", Two>>>()

    const deep = Vae.make({ size: 9, hidden: [5, 4], observations: "gaussian", meanActivation: "sigmoid" })
    expectTypeOf(deep.decode).returns.toEqualTypeOf<
      Program<tf.Tensor, Param<"decoder", { readonly 0: Two; readonly 1: Heads }>>
    >()
    const shared = Vae.make({ size: 9, hidden: [], observations: "gaussian-shared" })
    expectTypeOf(shared.decode).returns.toEqualTypeOf<
      Program<tf.Tensor, Param<"decoder", { readonly 0: DenseParams }> | Param<"scale", tf.Tensor>>
    >()
    expectTypeOf(shared.guide).returns.toEqualTypeOf<
      Program<tf.Tensor, Z | Param<"encoder", { readonly 1: Heads }>>
    >()

    // Never run: the compiler is the test.
    const fits = Effect.fnUntraced(function* (x: tf.Tensor) {
      const { params } = yield* fitSVI(vae.model, vae.guide, x)
      expectTypeOf(params.decoder).toEqualTypeOf<Two>()
      expectTypeOf(params.encoder[1].scale.kernel).toEqualTypeOf<tf.Tensor>()
      const fit = yield* fitSVI(shared.model, shared.guide, x)
      expectTypeOf(fit.params.scale).toEqualTypeOf<tf.Tensor>()
      // @ts-expect-error: this model has no shared deviation
      params.scale
      // @ts-expect-error: a guide observes nothing and has no "x"; the model is no guide
      yield* fitSVI(vae.model, vae.model, x)
    })
    expect(fits).toBeTypeOf("function")

    // @ts-expect-error: a Bernoulli pixel's mean is a logit's
    Vae.make({ size: 9, observations: "bernoulli", meanActivation: "tanh" })
    // @ts-expect-error: no observations of that name
    Vae.make({ size: 9, observations: "poisson" })
    // @ts-expect-error: how many images?
    Vae.make({})
  })

  describe("fails, naming the place,", () => {
    const messages = Effect.fnUntraced(function* (
      vae: Vae.Vae<"bernoulli", 400>,
      x: tf.Tensor = tf.zeros([3, 4]),
    ) {
      const of = <A>(program: Effect.Effect<A, never, Param<never, tf.Tensor>>) =>
        Effect.map(Effect.flip(trace(program, { key })), (error) => `${error._tag}: ${error.message}`)
      return yield* Effect.all({
        model: of(vae.model(x) as never),
        guide: of(vae.guide(x) as never),
      })
    })
    const tiny = { size: 30, inputs: 4, hidden: 3, latent: 2 }

    it.effect.each([
      [{ ...tiny, latent: 0 }, "Vae.make: expected sizes that are whole numbers from 1 up, found 0"],
      [{ ...tiny, latent: 2.5 }, "Vae.make: expected sizes that are whole numbers from 1 up, found 2.5"],
      [{ ...tiny, inputs: -4 }, "Vae.make: expected sizes that are whole numbers from 1 up, found -4"],
      [
        { ...tiny, hidden: [3, Number.NaN] },
        "Vae.make: expected sizes that are whole numbers from 1 up, found NaN",
      ],
      [{ ...tiny, observations: "poisson" }, 'observations: expected "bernoulli", "gaussian"'],
      [{ ...tiny, activation: "swish" }, "activation: expected one of identity, relu"],
      [{ ...tiny, size: 0 }, 'plate "images": expected a size that is a whole number from 1 up, found 0'],
      [{ ...tiny, size: 2 }, 'plate "images": expected from 1 to 2 members present (its size), found 3'],
    ] as ReadonlyArray<[object, string]>)("%j", ([options, message]) =>
      Effect.gen(function* () {
        const found = yield* messages(Vae.make(options as never))
        expect(found.model).toContain(message)
        expect(found.guide).toContain(message)
      }),
    )

    it.effect("on images of another size", () =>
      Effect.gen(function* () {
        const found = yield* messages(Vae.make(tiny) as never, tf.zeros([3, 5]))
        expect(found.model).toContain(`site "x" (Independent): expected a value of shape [3, 4]`)
        expect(found.guide).toBe(
          `ShapeMismatch: apply("encoder")/0/0/dense(4, 3): expected an input of shape [..., 4], found [3, 5]`,
        )
      }),
    )

    it.effect("on pixels that are no probabilities, and on a deviation that is not positive", () =>
      Effect.gen(function* () {
        const program = Vae.make(tiny).model(tf.fill([3, 4], 1.5))
        const outside = yield* Effect.flip(trace(program, { key }))
        expect(outside._tag).toBe("OutsideSupport")
        expect(outside.message).toContain(`site "x"`)
        const fixed = Vae.make({ ...tiny, observations: { fixed: 0 } }).model(tf.zeros([3, 4]))
        const invalid = yield* Effect.flip(trace(fixed, { key }))
        expect(invalid._tag).toBe("InvalidParameter")
        expect(invalid.message).toContain(`site "x"`)
      }),
    )
  })

  it.effect("leaves no tensor when the scope closes", () =>
    Effect.gen(function* () {
      const x = tf.zeros([3, 4])
      const before = tf.memory().numTensors
      for (const observations of ["bernoulli", "gaussian", "gaussian-shared", { fixed: 1 }] as const) {
        const vae = Vae.make({ size: 30, inputs: 4, hidden: 3, latent: 2, observations })
        yield* Effect.scoped(trace(vae.model(x), { key }))
        yield* Effect.scoped(trace(vae.guide(x), { key }))
        yield* Effect.scoped(trace(vae.decode(tf.zeros([3, 1])), { key })).pipe(Effect.flip)
      }
      // One zeros([3, 1]) for each of the four, which were the caller's.
      expect(tf.memory().numTensors).toBe(before + 4)
    }),
  )
})
