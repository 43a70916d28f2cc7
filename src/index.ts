/**
 * Guidepost: probabilistic programs as Effects.
 *
 * A program is an Effect whose requirements list its random choices; a guide that does not match its model does not
 * compile; one engine fits them. See the README for the first twenty lines.
 */

// Tensors
export type { Tensor } from "@tensorflow/tfjs-core"
// Data
export * as Dataset from "./data/Dataset.ts"
export { DataError } from "./data/errors.ts"
export * as Idx from "./data/Idx.ts"
export * as Images from "./data/Images.ts"
export * as Labels from "./data/Labels.ts"
export * as Safetensors from "./data/Safetensors.ts"
// Distributions
export { Bernoulli } from "./distributions/Bernoulli.ts"
export { Categorical } from "./distributions/Categorical.ts"
export { Delta } from "./distributions/Delta.ts"
export type {
  Distribution,
  Gradient,
  HasCdf,
  HasEntropy,
  HasEnumerate,
  HasIcdf,
  HasMean,
  HasVariance,
  Reparameterized,
  Value,
} from "./distributions/Distribution.ts"
export { InvalidParameter, NoClosedForm, OutsideSupport } from "./distributions/errors.ts"
export { HalfNormal } from "./distributions/HalfNormal.ts"
export { Independent } from "./distributions/Independent.ts"
export { hasKl, kl, klResult } from "./distributions/kl.ts"
export { LogNormal } from "./distributions/LogNormal.ts"
export { Normal } from "./distributions/Normal.ts"
export { OneHotCategorical } from "./distributions/OneHotCategorical.ts"
export * as Support from "./distributions/Support.ts"
export * as Transform from "./distributions/Transform.ts"
export { Transformed } from "./distributions/Transformed.ts"
export { Uniform } from "./distributions/Uniform.ts"
// Programs
export {
  DuplicateSite,
  MissingParam,
  PlateError,
  type ProgramError,
  ProgramSuspended,
  ProgramThrew,
  SiteMismatch,
  UnknownSite,
} from "./effects/errors.ts"
export { deterministic, factor } from "./effects/Factor.ts"
export { block } from "./effects/handlers/block.ts"
export { condition } from "./effects/handlers/condition.ts"
export { intervene } from "./effects/handlers/intervene.ts"
export { mask } from "./effects/handlers/mask.ts"
export { replay } from "./effects/handlers/replay.ts"
export { scale } from "./effects/handlers/scale.ts"
export { scope } from "./effects/handlers/scope.ts"
export { substitute } from "./effects/handlers/substitute.ts"
export { type Trace, type TracedSite, trace } from "./effects/handlers/trace.ts"
export { type Handler, handle, type Interpretation } from "./effects/Interpreter.ts"
export { logDensity } from "./effects/logDensity.ts"
export { type ParamOptions, param, paramTree } from "./effects/Param.ts"
export { type PlateOptions, plate } from "./effects/Plate.ts"
export type {
  Deterministic,
  Factor,
  GuideCheck,
  LatentName,
  Observe,
  ObservedName,
  Param,
  ParamName,
  Params,
  Rest,
  Sample,
  Values,
} from "./effects/Program.ts"
export { observe, sample } from "./effects/Sample.ts"
// Inference
export type { Algorithm, Info } from "./inference/Algorithm.ts"
export { type ElboOptions, elbo } from "./inference/Elbo.ts"
export { NonFinite } from "./inference/errors.ts"
export type { EarlyStopping, FitError, FitOptions, HeldOut } from "./inference/FitOptions.ts"
export { type Fit, fitSVI, type StreamReport } from "./inference/fitSVI.ts"
export { type Evidence, logEvidence } from "./inference/importance.ts"
export type { EpochReport, Metrics, StepReport } from "./inference/Loop.ts"
export type { Objective } from "./inference/Objective.ts"
export * as Optimizer from "./inference/Optimizer.ts"
export { type Predicted, predictive } from "./inference/predictive.ts"
export * as Schedule from "./inference/Schedule.ts"
export { type Ending, perRow } from "./inference/Session.ts"
export type { Data } from "./inference/Source.ts"
export { type SviState, svi } from "./inference/svi.ts"
// Models
export * as Vae from "./models/Vae.ts"
// Networks
export * from "./nn/index.ts"
export { Backend, type WasmSource } from "./tensor/Backend.ts"
export { BackendUnavailable, InvalidArgument, ShapeMismatch, TreeMismatch } from "./tensor/errors.ts"
export * as Key from "./tensor/Key.ts"
export * as Tree from "./tensor/Tree.ts"
