/** The two boundaries between Effects and tensor code: what comes through them, and what is left behind. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Context, Data, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import { total } from "../../src/effects/logDensity.ts"
import { attempt, run } from "../../src/effects/run.ts"
import {
  Backend,
  deterministic,
  Key,
  logDensity,
  Normal,
  observe,
  ProgramSuspended,
  ProgramThrew,
  param,
  ShapeMismatch,
  sample,
  trace,
} from "../../src/index.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"
import { expectClose, normal } from "./numbers.ts"

const key = Key.key(6)
const standard = Normal({ loc: 0, scale: 1 })

class Rows extends Context.Service<Rows, { readonly count: number }>()("test/Rows") {}

class NoSuchPatient extends Data.TaggedError("NoSuchPatient")<{ readonly id: number }> {}

layer(Backend.cpu())((it) => {
  describe("a program's own", () => {
    it.effect("service is asked of the caller", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const { count } = yield* Rows
          return yield* observe("x", standard, count)
        })
        const lp = yield* logDensity(program, { values: {}, params: {} }).pipe(
          Effect.provideService(Rows, { count: 3 }),
        )
        expectClose(lp, normal(3, 0, 1))
      }),
    )

    it.effect("failure comes out as it went in, typed", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          yield* sample("z", standard)
          return yield* new NoSuchPatient({ id: 7 })
        })
        const caught = yield* trace(program, { key }).pipe(
          Effect.catchTag("NoSuchPatient", ({ id }) => Effect.succeed(id)),
        )
        expect(caught).toBe(7)
        const error = yield* Effect.flip(logDensity(program, { values: { z: 0 }, params: {} }))
        expect(error).toBeInstanceOf(NoSuchPatient)
      }),
    )

    it.effect("failure can be handled inside, and the run goes on", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const fallback = Effect.fail(new NoSuchPatient({ id: 1 })).pipe(
            Effect.catchTag("NoSuchPatient", () => sample("z", standard)),
          )
          return yield* fallback
        })
        expect([...(yield* trace(program, { key })).sites.keys()]).toEqual(["z"])
      }),
    )

    it.effect("interruption is an interruption", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          trace(Effect.andThen(sample("z", standard), Effect.interrupt), { key }),
        )
        expect(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)).toBe(true)
      }),
    )
  })

  describe("a program that suspends", () => {
    it.effect("fails, and says after which site", () =>
      Effect.gen(function* () {
        const slow = Effect.gen(function* () {
          yield* sample("z", standard)
          yield* Effect.promise(() => Promise.resolve(1))
          return yield* sample("w", standard)
        })
        const error = yield* Effect.flip(trace(slow, { key }))
        expect(error).toBeInstanceOf(ProgramSuspended)
        expect((error as ProgramSuspended).after).toBe("z")
        expect(error.message).toContain('the program suspends after site "z"')
        expect(error.message).toContain("await before the fit")
      }),
    )

    it.effect("fails before its first site, and where a parameter came last", () =>
      Effect.gen(function* () {
        const first = yield* Effect.flip(trace(Effect.never, { key }))
        expect(first.message).toContain("before its first site")
        const second = yield* Effect.flip(trace(Effect.andThen(param("w", 0), Effect.never), { key }))
        expect((second as ProgramSuspended).after).toBe("w")
      }),
    )

    it.effect("is stopped: it does not go on later and leave tensors behind", () =>
      Effect.gen(function* () {
        let late = false
        let cleaned = false
        const before = tf.memory().numTensors
        const slow = Effect.gen(function* () {
          yield* sample("z", standard)
          yield* Effect.sleep("1 second")
          late = true
          yield* sample("w", standard)
        }).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              cleaned = true
            }),
          ),
        )
        yield* Effect.flip(Effect.scoped(trace(slow, { key })))
        yield* TestClock.adjust("1 minute")
        expect(late).toBe(false)
        expect(cleaned).toBe(true)
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("is not one that yields to the scheduler, or is long", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          for (let i = 0; i < 5_000; i++) yield* Effect.void
          yield* Effect.yieldNow
          return yield* sample("z", standard)
        })
        expect((yield* trace(program, { key })).result.shape).toEqual([])
      }),
    )
  })

  describe("a program that throws", () => {
    it.effect("fails, naming the last site and the message", () =>
      Effect.gen(function* () {
        const cause = new TypeError("x is undefined")
        const program = Effect.gen(function* () {
          yield* sample("z", standard)
          throw cause
        })
        const error = yield* Effect.flip(trace(program, { key }))
        expect(error).toBeInstanceOf(ProgramThrew)
        expect(error.message).toBe('the program threw after site "z": x is undefined')
        expect((error as ProgramThrew).cause).toBe(cause)
      }),
    )

    it.effect("fails where tensor code throws, of tfjs or of the library", () =>
      Effect.gen(function* () {
        const tfjs = Effect.map(sample("z", standard), (z) => tf.reshape(z, [2]))
        const error = yield* Effect.flip(trace(tfjs, { key }))
        expect(error).toBeInstanceOf(ProgramThrew)
        expect((error as ProgramThrew).after).toBe("z")
        // A typed error of the library's own keeps its type.
        const typed = Effect.sync(() => Normal.standard([2]).logProb(tf.zeros([3])))
        expect(yield* Effect.flip(trace(typed, { key }))).toBeInstanceOf(ShapeMismatch)
      }),
    )

    it.effect("fails where something other than an error is thrown", () =>
      Effect.gen(function* () {
        const program = Effect.sync(() => {
          throw "a string"
        })
        const error = yield* Effect.flip(trace(program, { key }))
        expect(error.message).toBe("the program threw before its first site: a string")
      }),
    )
  })

  describe("run and attempt", () => {
    const program = (loc: tf.Tensor) => observe("x", Normal({ loc, scale: 2 }), 3)

    it.effect("stand inside a gradient closure", () =>
      Effect.gen(function* () {
        const loc = tf.scalar(1)
        const slope = yield* attempt(() =>
          tf.tidy(() => tf.grad((loc) => total(run(program(loc), Context.empty(), {})))(loc)),
        )
        // d/dloc log N(3; loc, 2²) = (3 − loc) / 4
        expectClose(slope, 0.5)
        tf.dispose([loc, slope])
      }),
    )

    it.effect("carry a program's failure out of it, typed", () =>
      Effect.gen(function* () {
        const failing = (_: tf.Tensor): Effect.Effect<tf.Tensor, NoSuchPatient> =>
          Effect.fail(new NoSuchPatient({ id: 2 }))
        const loc = tf.scalar(1)
        const gradient = attempt<tf.Tensor, NoSuchPatient>(() =>
          tf.tidy(() => tf.grad((loc) => total(run(failing(loc), Context.empty(), {})))(loc)),
        )
        expect(yield* Effect.flip(gradient)).toBeInstanceOf(NoSuchPatient)
        loc.dispose()
      }),
    )

    it.effect("turn a typed error that tensor code throws into a failure", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(attempt(() => Normal.standard([2]).logProb(tf.zeros([3]))))
        expect(error).toBeInstanceOf(ShapeMismatch)
      }),
    )

    it.effect("let a defect be a defect", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          attempt(() => {
            throw new RangeError("ours")
          }),
        )
        expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
      }),
    )

    it.effect("record every site in the program's order", () =>
      Effect.sync(() => {
        const sites = Effect.all([
          param("p", 1),
          sample("b", standard),
          deterministic("d", tf.scalar(1)),
          sample("a", standard),
        ])
        const recording = tf.tidy(() => {
          const { samples, params, deterministics } = run(sites, Context.empty(), { key })
          return {
            samples: [...samples.keys()],
            params: [...params.keys()],
            rest: [...deterministics.keys()],
          } as {}
        })
        expect(recording).toEqual({ samples: ["b", "a"], params: ["p"], rest: ["d"] })
      }),
    )
  })

  describe("memory", () => {
    const model = Effect.fnUntraced(function* (x: tf.Tensor) {
      const loc = yield* param("loc", 0)
      const z = yield* sample("z", Normal({ loc, scale: 1 }))
      const twice = yield* deterministic("twice", tf.mul(2, z))
      yield* observe("x", Normal({ loc: twice, scale: tf.scalar(1) }), x)
      return { twice, unused: tf.zeros([3]) }
    })

    /** Tensors that running `effect` to its end, scope closed, leaves behind. */
    const left = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const exit = yield* Effect.exit(Effect.scoped(effect))
        return { exit, tensors: tf.memory().numTensors - before }
      })

    it.effect("is the caller's until the scope closes, and nobody's after", () =>
      Effect.gen(function* () {
        const x = tf.scalar(1)
        let held = 0
        const { tensors } = yield* left(
          Effect.gen(function* () {
            const before = tf.memory().numTensors
            const t = yield* trace(model(x), { key })
            // Everything that the trace shows can be read and used.
            expect(t.result.unused.dataSync()).toHaveLength(3)
            for (const site of t.sites.values()) tf.dispose(site.distribution.logProb(site.value))
            held = tf.memory().numTensors - before
          }),
        )
        // loc, z, twice, unused, two log-densities, the total, and the scale of "x".
        expect(held).toBe(8)
        expect(tensors).toBe(0)
        expect(x.isDisposed).toBe(false)
        x.dispose()
      }),
    )

    it.effect("is what it was after logDensity, and what the caller gave stays", () =>
      Effect.gen(function* () {
        const [x, z, loc] = [tf.scalar(1), tf.scalar(0.5), tf.scalar(0)] as const
        const { tensors, exit } = yield* left(
          Effect.gen(function* () {
            const before = tf.memory().numTensors
            yield* logDensity(model(x), { values: { z }, params: { loc } })
            expect(tf.memory().numTensors - before).toBe(1)
          }),
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(tensors).toBe(0)
        expect([x, z, loc].map((t) => t.isDisposed)).toEqual([false, false, false])
        tf.dispose([x, z, loc])
      }),
    )

    it.effect("keeps a parameter that the caller gave, or hands over as init", () =>
      Effect.gen(function* () {
        const [mine, given] = [tf.scalar(1), tf.scalar(2)] as const
        const asGiven = yield* left(trace(param("given", 0), { key, params: { given } }))
        const asInit = yield* left(trace(param("mine", mine), { key }))
        expect([asGiven.tensors, asInit.tensors]).toEqual([0, 0])
        expect([mine.isDisposed, given.isDisposed]).toEqual([false, false])
        tf.dispose([mine, given])
      }),
    )

    it.effect("is what it was after each kind of failure", () =>
      Effect.gen(function* () {
        const x = tf.scalar(1)
        const then = (rest: Effect.Effect<unknown, unknown>) => Effect.andThen(model(x), rest)
        const wrong = observe("y", standard, [1, 2]) as Effect.Effect<unknown>
        const failures = [
          then(Effect.fail("own")),
          then(Effect.die(new Error("thrown"))),
          then(Effect.never),
          then(Effect.interrupt),
          then(wrong),
          then(sample("z", standard) as Effect.Effect<unknown>),
        ]
        for (const program of failures) {
          const { exit, tensors } = yield* left(trace(program, { key }))
          expect(Exit.isFailure(exit)).toBe(true)
          expect(tensors).toBe(0)
        }
        // Inside a gradient closure too, where tfjs alone would leave its tape behind.
        const gradient = attempt(() =>
          tf.tidy(() => {
            const value = (x: tf.Tensor) => tf.mul(x, total(run(then(wrong), Context.empty(), { key })))
            return valueAndGradient(x, (x) => ({ value: value(x), aux: {} })).gradient
          }),
        )
        const { exit, tensors } = yield* left(gradient)
        expect(Exit.isFailure(exit)).toBe(true)
        expect(tensors).toBe(0)
        x.dispose()
      }),
    )
  })
})
