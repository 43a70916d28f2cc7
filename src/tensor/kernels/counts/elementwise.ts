/** Loop kernels that apply one function of float64s to tensors of one shape, element by element. */
import type { LoopKernel } from "../loop.ts"

/**
 * The kernel of that name. `make` is called once a call, with the attributes, and gives the function of one element
 * of each input, in order, and of the element's index.
 */
export const elementwise = <Attrs extends object>(
  name: string,
  inputs: ReadonlyArray<string>,
  make: (attrs: Attrs) => (a: number, b: number, c: number, index: number) => number,
): LoopKernel<Attrs> => ({
  name,
  inputs,
  outputs: ([first]) => [first!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const f = make(attrs)
    const [a, b = a, c = b] = inputs as [Float32Array, Float32Array?, Float32Array?]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!, b[i]!, c[i]!, i)
  },
})
