import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Normal } from "../../src/distributions/Normal.ts"
import { trace } from "../../src/effects/handlers/trace.ts"
import { plate } from "../../src/effects/Plate.ts"
import { observe, sample } from "../../src/effects/Sample.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"

layer(Backend.cpu())((it) => {
  it.effect("runs", () =>
    Effect.gen(function* () {
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
        return yield* observe("x", Normal({ loc: z, scale: 1 }), x)
      }, plate("data", { size: 6 }))
      const t = yield* trace(model(tf.tensor([1, 2, 3])), { key: Key.key(0) })
      console.log(t.values.z.dataSync(), t.logDensity.dataSync(), tf.memory().numTensors)
      expect(1).toBe(1)
    }),
  )
})
