/**
 * What Guidepost's VAE step is measured against: the same step, 784-400-20 with a Bernoulli likelihood in logits,
 * written by hand twice. Loss an image: E_q[−log p(x|z)] + KL(q(z|x) ‖ N(0, I)), the expectation by one draw and
 * the divergence in closed form (Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendices B, C).
 *
 * Each runs in a process of its own: `stock` must not see our kernels, which go into tfjs's global registries.
 */
import "#gradients"
import "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"

/** One contender: `step` trains on the next minibatch and returns its loss an image. */
export interface VaePeer {
  readonly step: () => number
  readonly dispose: () => void
}

/** From images [n · 784] in [0, 1], n a multiple of `batch`. */
export type VaeSetup = (images: Float32Array, batch: number) => Promise<VaePeer>

/** As a user of tfjs writes it: `tf.Variable`s, `tf.train.adam`, `tf.randomNormal`, tfjs's kernels. */
export const stock: VaeSetup = async (images, batch) => {
  await tf.setBackend("wasm")
  const variables = tf.tidy(() => initial().map((value) => tf.variable(value, true)))
  const optimizer = tf.train.adam(LEARNING_RATE)
  const next = minibatches(images, batch)
  const step = () => {
    const loss = tf.tidy(() => {
      const x = tf.tensor2d(next(), [batch, PIXELS])
      const noise = tf.randomNormal([batch, LATENT])
      const negativeElbo = () => {
        const { loc, logVariance, logits } = network(variables, x, noise)
        const nll = tf.sum(tf.sub(tf.softplus(logits), tf.mul(x, logits)))
        return tf.div(tf.add(nll, divergence(loc, logVariance)), batch) as tf.Scalar
      }
      return optimizer.minimize(negativeElbo, true, variables)!
    })
    return read(loss)
  }
  return {
    step,
    dispose: () => {
      optimizer.dispose()
      tf.dispose(variables)
    },
  }
}

/** The same by hand with our kernels and keys: explicit lists of tensors, nothing of Guidepost above `tensor/`. */
export const handWritten: VaeSetup = async (images, batch) => {
  const { registerKernels } = await import("../src/tensor/kernels/register.ts")
  const { adamMoments, bernoulliLogProb } = await import("../src/tensor/fused.ts")
  const Key = await import("../src/tensor/Key.ts")
  registerKernels("wasm")
  await tf.setBackend("wasm")
  let parameters = initial()
  let means = parameters.map((p) => tf.zerosLike(p))
  let squares = parameters.map((p) => tf.zerosLike(p))
  let count = 0
  const key = Key.key(0)
  const next = minibatches(images, batch)
  const step = () => {
    count++
    const loss = tf.tidy(() => {
      const x = tf.tensor2d(next(), [batch, PIXELS])
      const noise = Key.normal(Key.foldIn(key, count), [batch, LATENT])
      const negativeElbo = (...p: Array<tf.Tensor>) => {
        const { loc, logVariance, logits } = network(p, x, noise)
        const logLikelihood = tf.sum(bernoulliLogProb(logits, x))
        return tf.div(tf.sub(divergence(loc, logVariance), logLikelihood), batch) as tf.Scalar
      }
      const { value, grads } = tf.valueAndGrads(negativeElbo)(parameters)
      const options = {
        b1: 0.9,
        b2: 0.999,
        eps: 1e-8,
        correction1: 1 - 0.9 ** count,
        correction2: 1 - 0.999 ** count,
        scale: -LEARNING_RATE,
      }
      const moments = grads.map((g, i) => adamMoments(g, means[i]!, squares[i]!, options))
      const old = [parameters, means, squares]
      parameters = parameters.map((p, i) => tf.keep(tf.add(p, moments[i]!.update)))
      means = moments.map(({ m }) => tf.keep(m))
      squares = moments.map(({ v }) => tf.keep(v))
      tf.dispose(old)
      return value
    })
    return read(loss)
  }
  return { step, dispose: () => tf.dispose([parameters, means, squares]) }
}

const PIXELS = 784
const HIDDEN = 400
const LATENT = 20
const LEARNING_RATE = 1e-3

/** Weights and biases in turn: hidden, mean, log variance; hidden, logits. Glorot's uniform, zero biases. */
const initial = (): Array<tf.Tensor> => {
  const sizes = [
    [PIXELS, HIDDEN],
    [HIDDEN, LATENT],
    [HIDDEN, LATENT],
    [LATENT, HIDDEN],
    [HIDDEN, PIXELS],
  ] as const
  return sizes.flatMap(([fanIn, fanOut], i) => {
    const limit = Math.sqrt(6 / (fanIn + fanOut))
    return [tf.randomUniform([fanIn, fanOut], -limit, limit, "float32", i), tf.zeros([fanOut])]
  })
}

const network = (p: ReadonlyArray<tf.Tensor>, x: tf.Tensor, noise: tf.Tensor) => {
  const dense = (input: tf.Tensor, layer: number) =>
    tf.add(tf.matMul(input, p[2 * layer]!), p[2 * layer + 1]!)
  const encoded = tf.relu(dense(x, 0))
  const loc = dense(encoded, 1)
  const logVariance = dense(encoded, 2)
  const z = tf.add(loc, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise))
  return { loc, logVariance, logits: dense(tf.relu(dense(z, 3)), 4) }
}

/** KL(N(loc, e^logVariance) ‖ N(0, 1)), summed over all elements. */
const divergence = (loc: tf.Tensor, logVariance: tf.Tensor): tf.Tensor =>
  tf.mul(0.5, tf.sum(tf.sub(tf.sub(tf.add(tf.square(loc), tf.exp(logVariance)), 1), logVariance)))

/** The next minibatch each time, in order and round again; not copied. */
const minibatches = (images: Float32Array, batch: number): (() => Float32Array) => {
  const size = batch * PIXELS
  let start = -size
  return () => {
    start = start + 2 * size > images.length ? 0 : start + size
    return images.subarray(start, start + size)
  }
}

const read = (loss: tf.Tensor): number => {
  const value = loss.dataSync()[0]!
  loss.dispose()
  return value
}
