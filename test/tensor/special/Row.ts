/** What the laws in this folder need to know of a special function, and how a row of the tables is written. */
import type * as tf from "@tensorflow/tfjs-core"

export interface Row {
  /** The name under which specialFunctions.json, specialBessel.json or specialMatrices.json has its goldens. */
  readonly name: string
  readonly f: (...args: ReadonlyArray<tf.Tensor>) => tf.Tensor
  /** Points inside the domain, away from zeros of the derivatives, where gradients meet finite differences. */
  readonly inside: ReadonlyArray<ReadonlyArray<number>>
  /** Arguments at ends of the domain, beyond them or at poles, and the values there. */
  readonly special: ReadonlyArray<readonly [args: ReadonlyArray<number>, value: number]>
  /** The arguments in which there is no derivative. */
  readonly refuses?: ReadonlyArray<number>
  /** Whether it is tfjs's, and so only as good as it is. */
  readonly stock?: true
}

export type Special = ReadonlyArray<readonly [number | ReadonlyArray<number>, number]>

/** Single arguments may be written without their list. */
export const row = (
  name: string,
  f: unknown,
  inside: ReadonlyArray<number | ReadonlyArray<number>>,
  special: Special,
  rest: Partial<Row> = {},
): Row => ({
  name,
  f: f as Row["f"],
  inside: inside.map((at) => [at].flat()),
  special: special.map(([at, value]) => [[at].flat(), value]),
  ...rest,
})

export const INF = Number.POSITIVE_INFINITY
export const NAN = Number.NaN
/** float32's smallest number. */
export const TINY = 2 ** -149

export const positive = [0.02, 0.4, 1.3, 2.7, 6.5, 11, 40]

/** How many arguments a row's function has. */
export const arity = ({ name }: Row): number =>
  /beta/.test(name) && !/^lbeta/.test(name)
    ? 3
    : /^(lbeta|gammainc|gammaDensity|logMinus|logIve|logMeanExp|besselQ|besselS|sphere|lkj|wishart)/.test(
          name,
        )
      ? 2
      : 1
