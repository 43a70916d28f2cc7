/** What a worker's runtime makes of files that are not JavaScript. */

declare module "*.wasm" {
  const module: WebAssembly.Module
  export default module
}

declare module "*.safetensors" {
  const bytes: ArrayBuffer
  export default bytes
}
