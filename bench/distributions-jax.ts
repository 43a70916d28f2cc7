/** The benchmark `distributions` in jax-js on its wasm backend, its functions compiled with `jit` where it can. */
import { defaultDevice, init, type Array as JaxArray, jit, lax, nn, numpy as np, random } from "@jax-js/jax"
import { parameters as at, type Family, shapes } from "./distributions-cases.ts"
import type { Stepper } from "./harness.ts"

type Covered = Exclude<Family, "Gamma" | "Dirichlet">

const { loc, scaleTril } = at.MultivariateNormal
const factor = () => np.array(scaleTril.map((row) => [...row]))

const samplers: Readonly<Record<Covered, (key: JaxArray) => JaxArray>> = {
  Normal: (key) =>
    random
      .normal(key, [...shapes.Normal])
      .mul(at.Normal.scale)
      .add(at.Normal.loc),
  Categorical: (key) =>
    random.categorical(key, np.array([...at.Categorical.logits]), { shape: [...shapes.Categorical] }),
  MultivariateNormal: (key) => {
    const noise = random.normal(key, [...shapes.MultivariateNormal])
    return np.matmul(noise, np.matrixTranspose(factor())).add(np.array([...loc]))
  },
}

const scorers: Readonly<Record<Covered, (x: JaxArray) => JaxArray>> = {
  Normal: (x) => {
    const z = x.sub(at.Normal.loc).div(at.Normal.scale)
    return np
      .square(z)
      .mul(-0.5)
      .sub(Math.log(at.Normal.scale) + 0.5 * Math.log(2 * Math.PI))
  },
  Categorical: (x) => np.take(nn.logSoftmax(np.array([...at.Categorical.logits])), x.astype(np.int32), 0),
  MultivariateNormal: (x) => {
    const centered = np.matrixTranspose(x.sub(np.array([...loc])))
    const z = lax.linalg.triangularSolve(factor(), centered, { leftSide: true, lower: true })
    const logDeterminant = scaleTril.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)
    return np
      .sum(np.square(z), 0)
      .mul(-0.5)
      .sub(logDeterminant + 0.5 * loc.length * Math.log(2 * Math.PI))
  },
}

/** Draws. */
export const sample = async (family: Covered): Promise<Stepper> => {
  await init("wasm")
  defaultDevice("wasm")
  const draw = jit(samplers[family])
  let count = 0
  return { step: () => void draw(random.key(count++)).dataSync(), dispose: () => draw.dispose() }
}

/** Log-densities of `values`. */
export const score = async (family: Covered, values: Float32Array<ArrayBuffer>): Promise<Stepper> => {
  await init("wasm")
  defaultDevice("wasm")
  // Its compiler refuses a triangular solve within a larger function.
  const score = scorers[family]
  const logProb = family === "MultivariateNormal" ? Object.assign(score, { dispose: () => {} }) : jit(score)
  const x = np.array(values).reshape([...shapes[family]])
  return { step: () => logProb(x.ref).dataSync(), dispose: () => logProb.dispose() }
}
