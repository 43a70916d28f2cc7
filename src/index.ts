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
export { DataError, StorageError } from "./data/errors.ts"
export * as Idx from "./data/Idx.ts"
export * as Images from "./data/Images.ts"
export * as Labels from "./data/Labels.ts"
export * as Npz from "./data/Npz.ts"
export * as Safetensors from "./data/Safetensors.ts"
export { Storage } from "./data/Storage.ts"
export { AsymmetricLaplace } from "./distributions/AsymmetricLaplace.ts"
// Distributions
export { Bernoulli } from "./distributions/Bernoulli.ts"
export { Beta } from "./distributions/Beta.ts"
export { BetaBinomial } from "./distributions/BetaBinomial.ts"
export { Binomial } from "./distributions/Binomial.ts"
export { Categorical } from "./distributions/Categorical.ts"
export { Cauchy } from "./distributions/Cauchy.ts"
export { IntervalCensored, LeftCensored, RightCensored } from "./distributions/Censored.ts"
export { Chi2 } from "./distributions/Chi2.ts"
export { ContinuousBernoulli } from "./distributions/ContinuousBernoulli.ts"
export { Delta } from "./distributions/Delta.ts"
export { Dirichlet } from "./distributions/Dirichlet.ts"
export { DirichletMultinomial } from "./distributions/DirichletMultinomial.ts"
export { DiscreteUniform } from "./distributions/DiscreteUniform.ts"
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
export { Empirical } from "./distributions/Empirical.ts"
export { Exponential } from "./distributions/Exponential.ts"
export { InvalidParameter, NoClosedForm, OutsideSupport } from "./distributions/errors.ts"
export { Flow } from "./distributions/Flow.ts"
export { Gamma } from "./distributions/Gamma.ts"
export { GaussianRandomWalk } from "./distributions/GaussianRandomWalk.ts"
export { Geometric } from "./distributions/Geometric.ts"
export { Gumbel } from "./distributions/Gumbel.ts"
export { HalfCauchy } from "./distributions/HalfCauchy.ts"
export { HalfNormal } from "./distributions/HalfNormal.ts"
export { Independent } from "./distributions/Independent.ts"
export { InverseGamma } from "./distributions/InverseGamma.ts"
export { InverseGaussian } from "./distributions/InverseGaussian.ts"
export { Kumaraswamy } from "./distributions/Kumaraswamy.ts"
export { hasKl, kl, klResult } from "./distributions/kl.ts"
export { Laplace } from "./distributions/Laplace.ts"
export { LKJCholesky } from "./distributions/LKJCholesky.ts"
export { Logistic } from "./distributions/Logistic.ts"
export { LogisticNormal } from "./distributions/LogisticNormal.ts"
export { LogitNormal } from "./distributions/LogitNormal.ts"
export { LogNormal } from "./distributions/LogNormal.ts"
export { LogUniform } from "./distributions/LogUniform.ts"
export { LowRankMultivariateNormal } from "./distributions/LowRankMultivariateNormal.ts"
export { Masked } from "./distributions/Masked.ts"
export { MatrixNormal } from "./distributions/MatrixNormal.ts"
export { Mixture } from "./distributions/Mixture.ts"
export { MixtureSameFamily } from "./distributions/MixtureSameFamily.ts"
export { Multinomial } from "./distributions/Multinomial.ts"
export { MultivariateNormal } from "./distributions/MultivariateNormal.ts"
export { MultivariateStudentT } from "./distributions/MultivariateStudentT.ts"
export { GammaPoisson, NegativeBinomial, NegativeBinomial2 } from "./distributions/NegativeBinomial.ts"
export { Normal } from "./distributions/Normal.ts"
export { OneHotCategorical } from "./distributions/OneHotCategorical.ts"
export { OrderedLogistic } from "./distributions/OrderedLogistic.ts"
export { Pareto } from "./distributions/Pareto.ts"
export { Poisson } from "./distributions/Poisson.ts"
export {
  RelaxedBernoulli,
  RelaxedBernoulliLogits,
  RelaxedBernoulliStraightThrough,
} from "./distributions/RelaxedBernoulli.ts"
export {
  ExpRelaxedCategorical,
  RelaxedOneHotCategorical,
  RelaxedOneHotCategoricalStraightThrough,
} from "./distributions/RelaxedOneHotCategorical.ts"
export { SoftLaplace } from "./distributions/SoftLaplace.ts"
export { StudentT } from "./distributions/StudentT.ts"
export * as Support from "./distributions/Support.ts"
export * as Transform from "./distributions/Transform.ts"
export { Transformed } from "./distributions/Transformed.ts"
export { Truncated } from "./distributions/Truncated.ts"
export { TruncatedNormal } from "./distributions/TruncatedNormal.ts"
export { Uniform } from "./distributions/Uniform.ts"
export { VonMises } from "./distributions/VonMises.ts"
export { VonMisesFisher } from "./distributions/VonMisesFisher.ts"
export { Weibull } from "./distributions/Weibull.ts"
export { WishartCholesky } from "./distributions/WishartCholesky.ts"
export { ZeroInflated } from "./distributions/ZeroInflated.ts"
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
  UnusedParam,
} from "./effects/errors.ts"
export { deterministic, factor } from "./effects/Factor.ts"
export { block } from "./effects/handlers/block.ts"
export { condition } from "./effects/handlers/condition.ts"
export { intervene } from "./effects/handlers/intervene.ts"
export { mask } from "./effects/handlers/mask.ts"
export {
  autoReparam,
  nonCentered,
  type Reparam,
  reparam,
  transformReparam,
} from "./effects/handlers/reparam.ts"
export { replay } from "./effects/handlers/replay.ts"
export { scale } from "./effects/handlers/scale.ts"
export { scope } from "./effects/handlers/scope.ts"
export { substitute } from "./effects/handlers/substitute.ts"
export { type Trace, type TracedSite, trace } from "./effects/handlers/trace.ts"
export { type Handler, handle, type Interpretation } from "./effects/Interpreter.ts"
export { type InspectedSite, type Inspection, type InspectOptions, inspect } from "./effects/inspect.ts"
export { logDensity } from "./effects/logDensity.ts"
export { type MarkovOptions, markov } from "./effects/Markov.ts"
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
export { type ScanState, scan } from "./effects/Scan.ts"
// Inference
export type { Algorithm, Info } from "./inference/Algorithm.ts"
export {
  alternate,
  type EmError,
  type EmFit,
  type EmOptions,
  type IterationReport,
} from "./inference/alternate.ts"
export { amortise, type Encoder } from "./inference/autoguide/amortise.ts"
export type { EncodableGuide } from "./inference/autoguide/encoders.ts"
export { autoFlow, type FlowOptions, type FlowParams } from "./inference/autoguide/flow.ts"
export { autoLowRank, autoMultivariateNormal, type LowRankOptions } from "./inference/autoguide/gaussian.ts"
export {
  type Init,
  type InitSite,
  initToMedian,
  initToSample,
  initToUniform,
  initToValues,
} from "./inference/autoguide/init.ts"
export {
  autoLaplace,
  type LaplaceApproximation,
  type LaplaceGuide,
  type LaplaceOptions,
} from "./inference/autoguide/laplace.ts"
export { autoDelta, autoNormal } from "./inference/autoguide/meanField.ts"
export type { AutoGuide, AutoOptions, Guided, SpreadOptions } from "./inference/autoguide/types.ts"
export * as Checkpoint from "./inference/checkpoint/Checkpoint.ts"
export type { CheckpointOptions } from "./inference/checkpoint/keep.ts"
export { resume } from "./inference/checkpoint/resume.ts"
export type { Interrupted, SurvivalOptions } from "./inference/checkpoint/run.ts"
export { type ElboOptions, elbo } from "./inference/Elbo.ts"
export { enumerated, type FiniteSupport } from "./inference/Enumerated.ts"
export { type Conjugate, conjugate, type Knowing } from "./inference/em/conjugate.ts"
export type { Drawn } from "./inference/em/drawn.ts"
export { type LbfgsOptions, lbfgs } from "./inference/em/lbfgs.ts"
export { closedForm, type GradientSteps, gradientSteps } from "./inference/em/mStep.ts"
export type { Belief, EStep, MStep } from "./inference/em/steps.ts"
export { BoundDecreased, CheckpointError, NoMode, NonFinite } from "./inference/errors.ts"
export type { EarlyStopping, FitError, FitOptions, HeldOut } from "./inference/FitOptions.ts"
export { fitEM, fitMonteCarloEM, fitVariationalEM } from "./inference/fitEM.ts"
export { type Fit, fitSVI, type StreamReport } from "./inference/fitSVI.ts"
export { type Evidence, logEvidence } from "./inference/importance.ts"
export type { EpochReport, NonFinitePolicy, StepReport } from "./inference/Loop.ts"
export { gibbs } from "./inference/mcmc/gibbs.ts"
export type { Kernel, KernelInfo, KernelState } from "./inference/mcmc/Kernel.ts"
export { type MetropolisOptions, type MetropolisState, metropolis } from "./inference/mcmc/metropolis.ts"
export type { Metrics } from "./inference/metrics.ts"
export type { Memory, Objective, Progress } from "./inference/Objective.ts"
export * as Optimizer from "./inference/Optimizer.ts"
export { type Choices, type ChoicesOptions, choices } from "./inference/objectives/choices.ts"
export { type IwaeOptions, iwae } from "./inference/objectives/iwae.ts"
export { type MixedOptions, mixed } from "./inference/objectives/mixed.ts"
export { type RenyiOptions, renyi } from "./inference/objectives/renyi.ts"
export { type ScoreFunctionOptions, scoreFunction } from "./inference/objectives/scoreFunction.ts"
export type { AnyGuide, Chosen, SiteChoice, SiteChoices } from "./inference/objectives/siteChoice.ts"
export { vimco } from "./inference/objectives/vimco.ts"
export { reweightedWakeSleep } from "./inference/objectives/wakeSleep.ts"
export { type BaselineProgram, withBaselines } from "./inference/objectives/withBaselines.ts"
export { type Predicted, predictive } from "./inference/predictive.ts"
export { type RestartOptions, restarts } from "./inference/restarts.ts"
export * as Schedule from "./inference/Schedule.ts"
export { type Ending, perRow } from "./inference/Session.ts"
export type { Data, InMemory } from "./inference/Source.ts"
export { type SviState, svi } from "./inference/svi.ts"
export { Telemetry, type TelemetryOptions } from "./inference/Telemetry.ts"
// Models
export * as FactorAnalysis from "./models/FactorAnalysis.ts"
export * as GaussianMixture from "./models/GaussianMixture.ts"
export * as HiddenMarkov from "./models/HiddenMarkov.ts"
export * as Vae from "./models/Vae.ts"
// Networks
export * from "./nn/index.ts"
export { Backend, type WasmSource } from "./tensor/Backend.ts"
export { BackendUnavailable, InvalidArgument, ShapeMismatch, TreeMismatch } from "./tensor/errors.ts"
export * as Key from "./tensor/Key.ts"
export * as Tree from "./tensor/Tree.ts"
