/** Loop kernels that apply one function of float64s to tensors of one shape, element by element. */
import type { LoopKernel } from "./loop.ts"

/** A function of as many numbers as its kernel has inputs, in their order. */
export type Scalar = (
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
) => number

/**
 * The kernel of that name, of up to eight inputs. `make` is called once a call, with the attributes; the function that
 * it gives meets the elements in their order.
 */
export const elementwiseLoop = <Attrs extends object>(
  name: string,
  inputs: ReadonlyArray<string>,
  make: (attrs: Attrs) => Scalar,
): LoopKernel<Attrs> => ({
  name,
  inputs,
  outputs: ([first]) => [first!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const scalar = make(attrs)
    // A function of fewer numbers does not look at the others.
    const [a, b = a, c = a, d = a, e = a, f = a, g = a, h = a] = inputs as [
      Float32Array,
      ...Array<Float32Array>,
    ]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) {
      out[i] = scalar(a[i]!, b[i]!, c[i]!, d[i]!, e[i]!, f[i]!, g[i]!, h[i]!)
    }
  },
})
