/** What `inspect` sees of programs whose structure is known by hand, and that it leaves nothing. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
import {
  Backend,
  Bernoulli,
  Categorical,
  deterministic,
  factor,
  Gamma,
  inspect,
  Key,
  mask,
  Normal,
  observe,
  param,
  plate,
  Support,
  sample,
  Vae,
} from "../../src/index.ts"

class Broken extends Data.TaggedError("Broken")<{}> {}

/** Eight schools, non-centered, with a factor and a mask: every kind of site. */
const schools = Effect.gen(function* () {
  const width = yield* param("width", 5, { support: Support.positive })
  const mu = yield* sample("mu", Normal({ loc: 0, scale: width }))
  const tau = yield* sample("tau", Gamma({ concentration: 2, rate: 1 }))
  yield* factor("soft", tf.neg(tf.square(tf.sub(mu, 1))))
  yield* plate("schools", { size: 8 })(
    Effect.gen(function* () {
      const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
      const theta = yield* deterministic("theta", tf.add(mu, tf.mul(tau, z)))
      const treated = yield* sample("treated", Bernoulli({ probs: tf.sigmoid(theta) }))
      const y = Normal({ loc: tf.where(tf.cast(treated, "bool"), theta, 0), scale: [1, 2, 3, 4, 5, 6, 7, 8] })
      yield* mask(observe("y", y, tf.ones([8])), tf.tensor1d([1, 1, 0, 1, 1, 1, 1, 1]))
    }),
  )
})

const parents = (
  sites: ReadonlyArray<{ readonly name: string; readonly dependsOn: ReadonlyArray<string> }>,
) => Object.fromEntries(sites.map(({ name, dependsOn }) => [name, dependsOn]))

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`inspect on ${backend}`, (it) => {
    it.effect("sees kinds, shapes, plates and the nearest sites that each depends on", () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const { sites } = yield* Effect.scoped(inspect(schools))
        expect(parents(sites)).toEqual({
          width: [],
          mu: ["width"],
          tau: [],
          soft: ["mu"],
          z: [],
          theta: ["mu", "tau", "z"],
          // Through a draw that has no gradient, too.
          treated: ["theta"],
          y: ["theta", "treated"],
        })
        expect(sites.map(({ name, kind }) => [name, kind])).toEqual([
          ["width", "param"],
          ["mu", "latent"],
          ["tau", "latent"],
          ["soft", "factor"],
          ["z", "latent"],
          ["theta", "deterministic"],
          ["treated", "latent"],
          ["y", "observed"],
        ])
        expect(sites[7]).toMatchObject({
          masked: true,
          batchShape: [8],
          plates: [{ name: "schools", size: 8 }],
        })
        expect(sites[6]).toMatchObject({ gradient: "score", support: "boolean" })
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("shows a table, and two graphs", () =>
      Effect.gen(function* () {
        const seen = yield* inspect(schools)
        expect(seen.table()).toMatchInlineSnapshot(`
          "site     kind              distribution  support           plates     batch  event  depends on
          width    param             1 number      positive          —          []     []     —
          mu       latent            Normal        real              —          []     []     width
          tau      latent            Gamma         positive          —          []     []     —
          soft     factor            —             —                 —          []     []     mu
          z        latent            Normal        real              schools 8  [8]    []     —
          theta    deterministic     —             —                 —          [8]    []     mu, tau, z
          treated  latent            Bernoulli     boolean, no path  schools 8  [8]    []     theta
          y        observed, masked  Normal        real              schools 8  [8]    []     theta, treated"
        `)
        expect(seen.mermaid()).toMatchInlineSnapshot(`
          "flowchart TD
            s0["width<br>1 number"]
            s1(("mu<br>Normal"))
            s2(("tau<br>Gamma"))
            s3{{"soft"}}
            s5[["theta"]]
            subgraph p0["schools 8"]
              s4(("z<br>Normal"))
              s6(("treated<br>Bernoulli"))
              s7(("y<br>Normal"))
            end
            s0 --> s1
            s1 --> s3
            s1 --> s5
            s2 --> s5
            s4 --> s5
            s5 --> s6
            s5 --> s7
            s6 --> s7
            classDef observed fill:#ccc,color:#000
            class s7 observed"
        `)
        expect(seen.dot()).toMatchInlineSnapshot(`
          "digraph {
            s0 [label="width\\n1 number", shape=box]
            s1 [label="mu\\nNormal", shape=ellipse]
            s2 [label="tau\\nGamma", shape=ellipse]
            s3 [label="soft", shape=hexagon]
            s5 [label="theta", shape=component]
            subgraph cluster_0 {
              label="schools 8"
              s4 [label="z\\nNormal", shape=ellipse]
              s6 [label="treated\\nBernoulli", shape=ellipse]
              s7 [label="y\\nNormal", shape=ellipse, style=filled, fillcolor=gray80]
            }
            s0 -> s1
            s1 -> s3
            s1 -> s5
            s2 -> s5
            s4 -> s5
            s5 -> s6
            s5 -> s7
            s6 -> s7
          }"
        `)
      }),
    )

    it.effect("sees a minibatch in its plate, and networks", () =>
      Effect.gen(function* () {
        const { model, guide } = Vae.make({ inputs: 6, hidden: 4, latent: 2, size: 100 })
        const images = tf.zeros([5, 6]) as tf.Tensor2D
        const inModel = yield* inspect(model(images))
        const inGuide = yield* inspect(guide(images))
        expect(parents(inModel.sites)).toEqual({ z: [], decoder: [], x: ["z", "decoder"] })
        expect(parents(inGuide.sites)).toEqual({ encoder: [], z: ["encoder"] })
        expect(inModel.sites.find(({ name }) => name === "x")).toMatchObject({
          family: "Independent(Bernoulli)",
          batchShape: [5],
          eventShape: [6],
          plates: [{ name: "images", size: 100, extent: 5 }],
        })
        images.dispose()
      }),
    )

    it.effect("sees a chain", () =>
      Effect.gen(function* () {
        const chain = Effect.gen(function* () {
          let state: tf.Tensor | undefined
          yield* Effect.void
          for (let t = 0; t < 3; t++) {
            const probs =
              state === undefined
                ? tf.tensor1d([0.5, 0.5])
                : tf.gather(
                    tf.tensor2d([
                      [0.9, 0.1],
                      [0.2, 0.8],
                    ]),
                    tf.cast(state, "int32"),
                  )
            state = yield* sample(`z${t}`, Categorical({ probs }))
          }
        })
        const { sites } = yield* inspect(chain)
        expect(parents(sites)).toEqual({ z0: [], z1: ["z0"], z2: ["z1"] })
      }),
    )

    describe("a program that fails", () => {
      it.effect("fails as it does, and leaves nothing", () =>
        Effect.gen(function* () {
          const before = tf.memory().numTensors
          const broken = Effect.gen(function* () {
            yield* sample("z", Normal({ loc: tf.zeros([3]), scale: 1 }).toEvent(1))
            return yield* new Broken()
          })
          expect(yield* Effect.flip(inspect(broken))).toBeInstanceOf(Broken)
          expect(yield* Effect.flip(inspect(sample("z", Normal({ loc: 0, scale: -1 }))))).toMatchObject({
            _tag: "InvalidParameter",
          })
          expect(tf.memory().numTensors).toBe(before)
        }),
      )
    })

    it.effect("gives gradients as before afterwards", () =>
      Effect.gen(function* () {
        yield* inspect(schools, { key: Key.key(3) })
        const x = tf.scalar(3)
        const dx = tf.grad((x) => tf.square(x))(x)
        expect(dx.dataSync()[0]).toBe(6)
        tf.dispose([x, dx])
      }),
    )
  })
}
