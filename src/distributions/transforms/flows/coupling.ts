/**
 * Coupling: the first numbers of a vector pass unchanged, and say how the others are mapped.
 *
 * y₁ = x₁, y₂ = t(x₂) with t the map of numbers whose parameters are network(x₁): affine (Dinh, Sohl-Dickstein and
 * Bengio, "Density estimation using Real NVP", ICLR 2017, §3.2), or a spline (Durkan et al., "Neural Spline Flows",
 * NeurIPS 2019, §3.2). The volume is that of t, and both ways take one call of the network, whatever it is. Since the
 * first numbers do not change, several couplings go with `reverse` or `permute` between them.
 *
 * ```ts
 * const network = yield* bind("net", branch({ shift: mlp([1, 16, 1]), logScale: mlp([1, 16, 1]) }))
 * Flow(Normal.standard([2]), [coupling({ split: 1, network }), reverse])
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { real, type Support } from "../../Support.ts"
import { forwardAndVolume, inverseAndVolume, type Mapped, sliceLast, type Transform } from "../contract.ts"
import { boundedAffine, type ShiftAndLogScale } from "./affine.ts"
import { type Conditioner, conditioned, vectorFlow } from "./conditioned.ts"

/**
 * How many numbers pass unchanged; and a network from those, `[..., split]`, to parameters for the other n − split:
 * `shift` and `logScale` of shape `[..., n − split]`, or what `elementwise` takes.
 */
export interface Coupling<P> extends Conditioner<P> {
  readonly split: number
}

/**
 * The coupling of vectors of n numbers, n > split. A `split` that is no whole number from 1 up is a problem of the
 * distribution made with it; a network whose outputs do not fit throws `ShapeMismatch` as it is used.
 */
export const coupling: {
  (options: Omit<Coupling<ShiftAndLogScale>, "elementwise">): Transform<"real", "real">
  <P>(options: Coupling<P>): Transform<"real", "real">
} = <P>(options: Omit<Coupling<P>, "elementwise"> & Partial<Coupling<P>>): Transform<"real", "real"> => {
  const { split, network } = options
  const conditioner = { network, elementwise: options.elementwise ?? boundedAffine } as Conditioner<P>
  const halves = (x: tf.Tensor) =>
    [sliceLast(x, 0, split), sliceLast(x, split, x.shape.at(-1)! - split)] as const
  const whole = (kept: tf.Tensor, { value, volume }: Mapped): Mapped => ({
    value: tf.concat([kept, value], -1),
    volume: tf.sum(volume, -1),
  })
  const through = (way: typeof forwardAndVolume) => (x: tf.Tensor) => {
    const [kept, rest] = halves(x)
    return whole(kept, way(conditioned("coupling", conditioner, kept, rest.shape), rest))
  }
  const [there, back] = [through(forwardAndVolume), through(inverseAndVolume)]
  return {
    ...vectorFlow((width) => width > split),
    name: "coupling",
    opaque: true,
    params: { split: { value: split, constraint: wholeFromOne } },
    forward: (x) => there(x).value,
    inverse: (y) => back(y).value,
    logAbsDetJacobian: (x) => there(x).volume,
    forwardAndVolume: there,
    inverseAndVolume: back,
  }
}

const wholeFromOne: Support<"wholeFromOne"> = {
  ...real,
  name: "wholeFromOne",
  describe: "a whole number from 1 up",
  contains: (cell) => Number.isSafeInteger(cell[0]) && cell[0]! >= 1,
  member: () => 1,
}
