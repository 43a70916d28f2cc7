/**
 * The public face of the networks: layers by name, activations, initializers and the definition of a network as
 * modules.
 */
export * as Activation from "./activations.ts"
export { apply, bind } from "./apply.ts"
export { type BranchOutput, type BranchParams, branch } from "./branch.ts"
export { type Composition, compose } from "./compose.ts"
export { type DenseOptions, type DenseParams, dense } from "./dense.ts"
export { dropout } from "./dropout.ts"
export * as Initializer from "./initializers.ts"
export { type MadeOptions, type MadeParams, made } from "./made.ts"
export { type MlpOptions, type MlpParams, mlp } from "./mlp.ts"
export * as Network from "./Network.ts"
export { type SequentialParams, sequential } from "./sequential.ts"
