/**
 * Special functions of tensors, with gradients. Each is evaluated in float64 and rounded once, by the same loop on
 * both backends: within half an ulp of float32 or little more, over its range, tails and poles included. tfjs has
 * none of them but a rough `erf`.
 *
 * Shapes broadcast; they throw `ShapeMismatch` where they do not. A backend registers the kernels when it is acquired.
 * Each file of `special/` says how often its functions may be differentiated; the functions of one float64 behind them
 * are in `special/scalar/`.
 *
 * ```ts
 * gammainc(tf.scalar(1e6), tf.tensor([0.999e6, 1.001e6]))   // 0.1586…, 0.8413…
 * tf.grad((a) => lbeta(a, tf.scalar(0.5)))(tf.scalar(1e8))   // −5e-9: a difference of two ψ of 18
 * ```
 */
export { besselRatio, besselRatioRest, i0e, i1e, logI0e } from "./special/bessel.ts"
export { besselQuotient, logIve } from "./special/besselOrder.ts"
export { erf, erfc, erfcx, erfinv } from "./special/erf.ts"
export { log1mexp } from "./special/exponential.ts"
export { digamma, lbeta, lbetaSlope, lgamma, polygamma, trigamma } from "./special/gamma.ts"
export { betaDensity, betainc, betaincc } from "./special/incompleteBeta.ts"
export { gammaDensity, gammainc, gammaincc } from "./special/incompleteGamma.ts"
export { betaincinv, gammainccinv, gammaincinv } from "./special/inverseIncomplete.ts"
export { logNdtr, ndtr, ndtri, normalDensity } from "./special/normal.ts"
