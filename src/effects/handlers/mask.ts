/**
 * Leaves cells out of a program's log-density: missing data, padded sequences.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import { firstOutside, shapeOf, type Value } from "../../distributions/Distribution.ts"
import { OutsideSupport } from "../../distributions/errors.ts"
import { boolean } from "../../distributions/Support.ts"
import { handle } from "../Interpreter.ts"
import { given } from "../place.ts"

/**
 * The program with each site's log-density counted only where `mask` is 1. The mask's shape broadcasts to each
 * site's batch shape. What stands in a masked cell of the data, NaN included, has no influence on value or gradient.
 * A number in the mask that is neither 0 nor 1 is refused with `OutsideSupport`; a tensor is not read, and counts
 * where it is not 0.
 */
export const mask = <A, E, R>(program: Effect.Effect<A, E, R>, keep: Value): Effect.Effect<A, E, R> =>
  handle(program, (outer) => {
    const wrong = keep instanceof tf.Tensor ? undefined : firstOutside(boolean, [keep].flat(2), shapeOf(keep))
    if (wrong !== undefined) throw new OutsideSupport({ where: "mask", support: boolean.describe, ...wrong })
    const both = (inner: tf.Tensor | undefined) =>
      inner === undefined
        ? tf.cast(given("mask", keep), "bool")
        : tf.logicalAnd(tf.cast(inner, "bool"), tf.cast(given("mask", keep), "bool"))
    return {
      ...outer,
      sample: (site) => outer.sample({ ...site, mask: both(site.mask) }),
      factor: (site) => outer.factor({ ...site, mask: both(site.mask) }),
    }
  })
