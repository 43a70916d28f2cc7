/**
 * Runs a program with its latent sites at given values: how a model is scored at a guide's draw.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import { type Handler, handle, type SampleSite } from "../Interpreter.ts"
import type { Values } from "../Program.ts"

/** The program with each latent site that `values` names at that value; the others are drawn. The sites stay latent. */
export const replay = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  values: Partial<Values<R>>,
): Effect.Effect<A, E, R> => handle(program, replayed(new Map(Object.entries<tf.Tensor>(values as {}))))

/** The handler behind {@link replay}. */
export const replayed =
  (values: ReadonlyMap<string, tf.Tensor>): Handler =>
  (outer) => {
    const at = (site: SampleSite): SampleSite => {
      const value = site.observed || site.hidden ? undefined : values.get(site.name)
      return value === undefined ? site : { ...site, value }
    }
    return {
      ...outer,
      sample: (site) => outer.sample(at(site)),
      ahead: (site, asked) => outer.ahead(at(site), asked),
    }
  }
