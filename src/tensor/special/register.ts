/** The kernels behind `tensor/special`, for both backends, and their gradients. */
import type * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../kernels/loop.ts"
import * as bessel from "./bessel.ts"
import * as besselOrder from "./besselOrder.ts"
import type { Registered } from "./elementwise.ts"
import * as erf from "./erf.ts"
import * as exponential from "./exponential.ts"
import * as gamma from "./gamma.ts"
import * as incompleteBeta from "./incompleteBeta.ts"
import * as incompleteGamma from "./incompleteGamma.ts"
import * as inverseIncomplete from "./inverseIncomplete.ts"
import * as matrices from "./matrices.ts"
import * as moments from "./moments.ts"
import * as normal from "./normal.ts"
import * as planar from "./planar.ts"
import * as roots from "./roots.ts"
import * as sphere from "./sphere.ts"
import * as truncatedNormal from "./truncatedNormal.ts"

const { polygamma: _, ...gammas } = gamma

const all: ReadonlyArray<Registered> = [
  bessel,
  besselOrder,
  erf,
  exponential,
  gammas,
  incompleteBeta,
  incompleteGamma,
  inverseIncomplete,
  matrices,
  moments,
  normal,
  planar,
  roots,
  sphere,
  truncatedNormal,
].flatMap((functions) => Object.values<Registered>({ ...functions }))

export const specialLoops: ReadonlyArray<LoopKernel<object>> = all.map(({ kernel }) => kernel)

export const specialGradients: ReadonlyArray<tf.GradConfig> = all.map(({ gradient }) => gradient)
