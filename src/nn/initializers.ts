/**
 * First values of weights, computed on the host from a key: the same on every backend.
 *
 * The variance is chosen so that signals keep their size through a layer: 2 / (fan in + fan out) for Glorot, which
 * minds the gradient too (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
 * networks", AISTATS 2010, eq. 16); 2 / fan in for He, which makes up for the half that relu cuts off (He et al.,
 * "Delving deep into rectifiers", ICCV 2015, eq. 10); 1 / fan in for LeCun ("Efficient BackProp", 1998, §4.6).
 * The uniform forms have the same variance v, on (−√(3v), √(3v)). The normal ones are not truncated.
 *
 * ```ts
 * const kernel = heNormal(Key.key(0), [784, 400])   // standard deviation √(2 / 784)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { type Shape, size } from "../tensor/Shape.ts"

/** A tensor of this shape. */
export type Initializer = (key: Key.Key, shape: Shape) => tf.Tensor

/** Fan in and fan out of `[...receptive, in, out]`; a vector's or scalar's are both its size. */
const fans = (shape: Shape): readonly [fanIn: number, fanOut: number] => {
  const rank = shape.length
  if (rank < 2) return [size(shape), size(shape)]
  const receptive = size(shape.slice(0, -2))
  return [receptive * shape[rank - 2]!, receptive * shape[rank - 1]!]
}

type Variance = (fanIn: number, fanOut: number) => number

const glorot: Variance = (fanIn, fanOut) => 2 / (fanIn + fanOut)
const he: Variance = (fanIn) => 2 / fanIn
const lecun: Variance = (fanIn) => 1 / fanIn

const uniform =
  (variance: Variance): Initializer =>
  (key, shape) => {
    const limit = Math.sqrt(3 * variance(...fans(shape)))
    return Key.uniform(key, shape, -limit, limit)
  }

const normal =
  (variance: Variance): Initializer =>
  (key, shape) => {
    const scale = Math.sqrt(variance(...fans(shape)))
    const values = Key.normalValues(key, shape)
    for (let i = 0; i < values.length; i++) values[i]! *= scale
    return tf.tensor(values, [...shape], "float32")
  }

/** Uniform of variance 2 / (fan in + fan out): what `dense` starts from. */
export const glorotUniform: Initializer = uniform(glorot)

/** Normal of variance 2 / (fan in + fan out). */
export const glorotNormal: Initializer = normal(glorot)

/** Uniform of variance 2 / fan in. */
export const heUniform: Initializer = uniform(he)

/** Normal of variance 2 / fan in. */
export const heNormal: Initializer = normal(he)

/** Uniform of variance 1 / fan in. */
export const lecunUniform: Initializer = uniform(lecun)

/** Normal of variance 1 / fan in. */
export const lecunNormal: Initializer = normal(lecun)

/** This number everywhere. */
export const constant =
  (value: number): Initializer =>
  (_key, shape) =>
    tf.fill([...shape], value, "float32")

/** 0 everywhere: what biases start from. */
export const zeros: Initializer = constant(0)
