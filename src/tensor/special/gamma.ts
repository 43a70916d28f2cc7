/**
 * The gamma function's logarithm, its derivatives, and the logarithm of the beta function, of tensors; within half an
 * ulp of float32, or little more. Differentiable to any order, but for `lbeta` (three times).
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../errors.ts"
import type { LoopKernel } from "../kernels/loop.ts"
import { type Elementwise, elementwise, type Registered, type Unary } from "./elementwise.ts"
import * as beta from "./scalar/beta.ts"
import { lbetaSlope as lbetaSlopeOf } from "./scalar/betaSlope.ts"
import * as gamma from "./scalar/gamma.ts"
import * as poly from "./scalar/polygamma.ts"

/** log |Γ(x)|; ∞ at 0, −1, −2, … and at ±∞. Its derivative is `digamma`. */
export const lgamma: Unary = elementwise("lgamma", ["x"], gamma.lgamma, (x) => digamma(x))

/** ψ(x) = Γ′(x)/Γ(x); −∞ at 0 (∞ at −0), NaN at −1, −2, … and −∞. Its derivative is `trigamma`. */
export const digamma: Unary = elementwise("digamma", ["x"], poly.digamma, (x) => trigamma(x))

/** ψ′(x); ∞ at 0, −1, −2, …. */
export const trigamma: Unary = elementwise("trigamma", ["x"], poly.trigamma, (x) => polygamma(2, x))

/**
 * ψ⁽ⁿ⁾(x), the n-th derivative of ψ, for n = 0, 1, …, 100. At 0, −1, −2, … it is ∞ where n is odd, NaN where n is even
 * (−∞ at 0). Any other n throws `InvalidArgument`, and so does a derivative beyond.
 */
export const polygamma = (n: number, x: tf.Tensor): tf.Tensor => {
  if (!(Number.isInteger(n) && n >= 0 && n <= MOST)) {
    throw new InvalidArgument({
      where: "polygamma",
      expected: `an integer n from 0 to ${MOST}`,
      found: `${n}`,
    })
  }
  return tf.tidy(() => {
    const float = x.dtype === "float32" ? x : tf.cast(x, "float32")
    return tf.engine().runKernel(polygammaKernel.name, { x: float }, { n }) as tf.Tensor
  })
}

/** Beyond it n! and the powers leave float64's range before the result leaves float32's. */
const MOST = 100

const polygammaKernel: LoopKernel<{ readonly n: number }> = {
  name: "GuidepostSpecial_polygamma",
  inputs: ["x"],
  outputs: ([x]) => [x!.shape],
  run: ({ inputs, outputs, attrs: { n } }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    for (let i = 0; i < x.length; i++) out[i] = poly.polygamma(n, x[i]!)
  },
}

/** What registers `polygamma`. */
export const polygammaRegistered: Registered = {
  kernel: polygammaKernel as unknown as LoopKernel<object>,
  gradient: {
    kernelName: polygammaKernel.name,
    inputsToSave: ["x"],
    gradFunc: (dy, [x], attrs) => ({
      x: () => tf.mul(dy as tf.Tensor, polygamma((attrs.n as number) + 1, x!)),
    }),
  },
}

/**
 * log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b), for a, b ≥ 0, where those three would cancel: ∞ where one is 0, −∞
 * where one is ∞, NaN where both are or one is negative.
 */
export const lbeta: Elementwise<[a: tf.Tensor, b: tf.Tensor]> = elementwise(
  "lbeta",
  ["a", "b"],
  beta.lbeta,
  (a, b) => lbetaSlope(a, b),
  (a, b) => lbetaSlope(b, a),
)

/** ψ(a) − ψ(a + b), the derivative of `lbeta` in a, and the mean of log x where x is a Beta(a, b) draw. */
export const lbetaSlope: Elementwise<[a: tf.Tensor, b: tf.Tensor]> = elementwise(
  "lbetaSlope",
  ["a", "b"],
  lbetaSlopeOf,
  (a, b) => lbetaCurve(a, b),
  (a, b) => tf.neg(trigamma(tf.add(a, b))),
)

/** ψ′(a) − ψ′(a + b), the second derivative of `lbeta` in a. */
export const lbetaCurve: Elementwise<[a: tf.Tensor, b: tf.Tensor]> = elementwise(
  "lbetaCurve",
  ["a", "b"],
  (a, b) => -poly.polygammaStep(1, a, b),
  (a, b) => tf.sub(polygamma(2, a), polygamma(2, tf.add(a, b))),
  (a, b) => tf.neg(polygamma(2, tf.add(a, b))),
)
