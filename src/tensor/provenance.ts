/**
 * Which tensors a tensor was computed from, through any operation, differentiable or not: read off tfjs's tape, which
 * lists every operation while a gradient is under way.
 *
 * What passes through the host (`dataSync`) starts anew and has no past.
 */
import * as tf from "@tensorflow/tfjs-core"
import { clearTape } from "./gradient.ts"

/**
 * The nearest ancestors of `tensor` among `marked` (ids of tensors): the search does not go on behind one of them. A
 * marked tensor is its own.
 */
export type Ancestors = (tensor: tf.Tensor, marked: ReadonlySet<number>) => ReadonlySet<number>

/**
 * Runs `body` with the tape on, and then `use`, which may ask for ancestors. Call it inside a tidy; what the two return is
 * theirs.
 */
export const recorded = <A, B>(body: () => A, use: (a: A, ancestors: Ancestors) => B): B => {
  const engine = tf.engine()
  let found: { readonly value: B } | undefined
  try {
    const one = tf.scalar(1)
    engine.gradients(
      () => {
        const a = body()
        found = { value: use(a, ancestorsIn(engine.state.activeTape)) }
        return tf.mul(one, 1)
      },
      [one],
      undefined,
      true,
    )
  } catch (thrown) {
    clearTape(engine)
    throw thrown
  }
  return found!.value
}

type Tape = NonNullable<ReturnType<typeof tf.engine>["state"]["activeTape"]>

const ancestorsIn = (tape: Tape): Ancestors => {
  const makers = new Map<number, Tape[number]>()
  let read = 0
  return (tensor, marked) => {
    // The tape grows while it is asked.
    for (; read < tape.length; read++)
      for (const output of tape[read]!.outputs) makers.set(output.id, tape[read]!)
    const found = new Set<number>()
    const seen = new Set<number>()
    const open = [tensor.id]
    while (open.length > 0) {
      const id = open.pop()!
      if (seen.has(id)) continue
      seen.add(id)
      if (marked.has(id)) found.add(id)
      else
        for (const input of Object.values(makers.get(id)?.inputs ?? {}))
          if (input != null) open.push(input.id)
    }
    return found
  }
}
