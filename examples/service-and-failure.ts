/**
 * A model that needs a service of your own, and can fail with a failure of your own.
 *
 * A temperature is read several times with an instrument, whose deviation a register of calibrations knows. The
 * register shows up in what the fit requires (R), and an instrument that was never calibrated in how it can fail (E):
 * the compiler asks for both to be dealt with. The answer is compared with the exact posterior, a normal.
 */
import { Context, Data, Effect, type Scope } from "effect"
// biome-ignore format: a list to skip over
import {
  Backend, type FitError, fitSVI, Normal, Optimizer, observe, param, plate, Schedule, Support, sample,
} from "guidepost"

class NotCalibrated extends Data.TaggedError("NotCalibrated")<{ readonly instrument: string }> {}
class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

/** Knows the deviation of each instrument, in degrees. */
class Register extends Context.Service<
  Register,
  { readonly deviation: (instrument: string) => Effect.Effect<number, NotCalibrated> }
>()("examples/Register") {}

interface Readings {
  readonly instrument: string
  readonly degrees: ReadonlyArray<number>
}

const model = Effect.fnUntraced(function* ({ instrument, degrees }: Readings) {
  const register = yield* Register
  const scale = yield* register.deviation(instrument)
  const temperature = yield* sample("temperature", Normal({ loc: 15, scale: 10 }))
  const readings = plate("readings", { size: degrees.length })
  yield* readings(observe("reading", Normal({ loc: temperature, scale }), degrees))
})

const guide = Effect.fnUntraced(function* () {
  const scale = yield* param("scale", 1, { support: Support.positive })
  yield* sample("temperature", Normal({ loc: yield* param("loc", 15), scale }))
})

/** Mean and deviation of the temperature. */
const estimate = Effect.fnUntraced(function* (
  readings: Readings,
): Effect.fn.Return<ReadonlyArray<number>, NotCalibrated | FitError, Register | Backend | Scope.Scope> {
  const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 1000 }))
  const { params } = yield* fitSVI(model, guide, readings, { steps: 1000, optimizer })
  return [params.loc, params.scale].map((tensor) => tensor.dataSync()[0]!)
})

const program = Effect.gen(function* () {
  const degrees = [18.2, 17.1, 19.4, 18.8]
  const [loc, scale] = yield* estimate({ instrument: "mercury", degrees })
  const precision = 1 / 10 ** 2 + degrees.length / 0.8 ** 2
  const exact = (15 / 10 ** 2 + degrees.reduce((sum, x) => sum + x) / 0.8 ** 2) / precision
  console.log(
    `mercury: ${loc!.toFixed(2)} ± ${scale!.toFixed(2)}   exact ${exact.toFixed(2)} ± ${(precision ** -0.5).toFixed(2)}`,
  )
  if (!(Math.abs(loc! - exact) < 0.02 && Math.abs(scale! - precision ** -0.5) < 0.02))
    yield* new WrongAnswer({ message: `the temperature is ${loc} ± ${scale}` })

  const answer = yield* estimate({ instrument: "alcohol", degrees }).pipe(
    Effect.catchTag("NotCalibrated", ({ instrument }) =>
      Effect.succeed(`${instrument}: was never calibrated`),
    ),
  )
  console.log(answer)
  if (answer !== "alcohol: was never calibrated")
    yield* new WrongAnswer({ message: "alcohol has no calibration" })
})

const register = Register.of({
  deviation: (instrument) =>
    instrument === "mercury" ? Effect.succeed(0.8) : Effect.fail(new NotCalibrated({ instrument })),
})

await Effect.runPromise(
  program.pipe(Effect.provideService(Register, register), Effect.scoped, Effect.provide(Backend.wasm())),
)
