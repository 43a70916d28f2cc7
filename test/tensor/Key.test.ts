import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/key.json" with { type: "json" }

const words = (...keys: ReadonlyArray<Key.Key>) => keys.flatMap(({ hi, lo }) => [hi, lo])
const patterns = (values: Float32Array) => Array.from(new Uint32Array(values.buffer))

/** The largest distance in units in the last place, between float32 bit patterns. */
const ulps = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const ordered = (pattern: number) => (pattern >>> 31 ? -(pattern & 0x7fffffff) : pattern)
  return a.reduce((most, pattern, i) => Math.max(most, Math.abs(ordered(pattern) - ordered(b[i]!))), 0)
}

const gumbelPatterns = (key: Key.Key, shape: ReadonlyArray<number>) =>
  tf.tidy(() => patterns(new Float32Array(Key.gumbel(key, shape).dataSync())))

describe("Threefry-2x32, 20 rounds", () => {
  // The known-answer vectors of Random123 1.14, tests/kat_vectors, lines "threefry2x32 20": counter, key, answer.
  for (const [counter, key, answer] of [
    ["00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"],
    ["ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"],
    ["243f6a88 85a308d3", "13198a2e 03707344", "c4923a9c 483df7a0"],
  ] as const) {
    it(`counter ${counter}, key ${key}`, () => {
      const [[x0, x1], [hi, lo], expected] = [counter, key, answer].map((text) =>
        text.split(" ").map((word) => Number.parseInt(word, 16)),
      ) as [[number, number], [number, number], Array<number>]
      expect(words(Key.threefry2x32({ hi, lo }, x0, x1))).toEqual(expected)
    })
  }
})

describe(`the same bits as JAX ${golden.jax}`, () => {
  it("key", () => {
    for (const { seed, key } of golden.key) expect(words(Key.key(seed)), String(seed)).toEqual(key)
  })

  it("split", () => {
    for (const { seed, n, keys } of golden.split) {
      expect(words(...Key.split(Key.key(seed), n))).toEqual(keys)
      if (n === 2) expect(words(...Key.split(Key.key(seed)))).toEqual(keys)
    }
  })

  it("foldIn", () => {
    for (const { seed, data, key } of golden.foldIn) {
      expect(words(Key.foldIn(Key.key(seed), data)), `${seed}, ${data}`).toEqual(key)
    }
  })

  it("foldInName, as a chain of JAX's fold_in", () => {
    for (const { name, key } of golden.foldInName) {
      expect(words(Key.foldInName(Key.key(42), name)), name).toEqual(key)
    }
  })

  for (const { seed, shape, bits, uniform, normal } of golden.draws) {
    it(`bits and uniform, seed ${seed}, shape [${shape}]; normal to 8 ulp`, () => {
      const key = Key.key(seed)
      expect(Array.from(Key.bits(key, shape))).toEqual(bits)
      expect(patterns(Key.uniformValues(key, shape))).toEqual(uniform)
      const ours = patterns(Key.normalValues(key, shape))
      expect(ours.length).toBe(normal.length)
      expect(ulps(ours, normal)).toBeLessThanOrEqual(8)
    })
  }

  it("uniform between other bounds, which takes the fused multiply-add", () => {
    for (const { min, max, uniform } of golden.range) {
      expect(patterns(Key.uniformValues(Key.key(7), [100], min, max)), `${min}, ${max}`).toEqual(uniform)
    }
  })

  it("normal is the exact value rounded once", () => {
    const { seed, shape, normal } = golden.exact
    expect(patterns(Key.normalValues(Key.key(seed), shape))).toEqual(normal)
  })
})

for (const backend of ["cpu", "wasm"] as const) {
  it.layer(Backend[backend]())(`tensors on ${backend}`, (it) => {
    it.effect("hold the same values, whatever the backend", () =>
      Effect.sync(() => {
        const before = tf.memory().numTensors
        const key = Key.key(42)
        const two = golden.draws.find(({ shape }) => shape.length === 2)!
        tf.tidy(() => {
          const u = Key.uniform(key, [2, 3])
          expect([u.shape, u.dtype]).toEqual([[2, 3], "float32"])
          expect(patterns(new Float32Array(u.dataSync()))).toEqual(two.uniform)
          const z = Key.normal(key, [2, 3])
          expect(z.shape).toEqual([2, 3])
          expect(Array.from(z.dataSync())).toEqual(Array.from(Key.normalValues(key, [2, 3])))
          expect(Key.normal(key, []).shape).toEqual([])
          expect(Key.uniform(key, [0]).shape).toEqual([0])
          expect(Key.gumbel(key, [4, 0]).shape).toEqual([4, 0])
        })
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("gumbel: the exact value rounded once, and JAX's to rounding", () =>
      Effect.sync(() => {
        const { seed, shape, gumbel } = golden.exact
        expect(gumbelPatterns(Key.key(seed), shape)).toEqual(gumbel)
        // Near 0 JAX's float32 logarithm of a number near 1 loses relative, not absolute, accuracy.
        for (const draw of golden.draws) {
          const theirs = new Float32Array(new Uint32Array(draw.gumbel).buffer)
          const ours = new Float32Array(
            new Uint32Array(gumbelPatterns(Key.key(draw.seed), draw.shape)).buffer,
          )
          expect(ours.length).toBe(theirs.length)
          for (let i = 0; i < ours.length; i++) {
            expect(Math.abs(ours[i]! - theirs[i]!)).toBeLessThan(1e-6 * Math.max(1, Math.abs(ours[i]!)))
          }
        }
      }),
    )
  })
}

describe("seeds and data that JAX would refuse", () => {
  const odd = [0.5, 1.5, -0.5, 1e300, 2 ** 63, -(2 ** 63), Number.NaN, Number.POSITIVE_INFINITY, 5e-324]

  it("each has a key of its own", () => {
    const keys = [...odd.map(Key.key), ...odd.map((x) => Key.foldIn(Key.key(0), x)), Key.key(0), Key.key(1)]
    // Folding starts from the key of seed 0, so that `key(x)` and `foldIn(key(0), x)` are one.
    expect(new Set(keys.map((key) => words(key).join())).size).toBe(odd.length + 2)
    expect(Key.key(Number.NaN)).toEqual(Key.key(Number.NaN))
    expect(Key.key(-0)).toEqual(Key.key(0))
  })
})

describe("names", () => {
  it("neither two names nor a name and its beginning share a key", () => {
    const names = [
      "",
      "a",
      "b",
      "ab",
      "ba",
      "a\0",
      "a\0\0\0",
      "a\0\0\0\0",
      "abcd",
      "abcde",
      "z_1",
      "z_2",
      "é",
    ]
    const keys = names.map((name) => words(Key.foldInName(Key.key(0), name)).join())
    expect(new Set(keys).size).toBe(names.length)
  })

  it("no collision among 200,000 names, where a 32-bit hash would have about five", () => {
    const seen = new Set<number>()
    for (let i = 0; i < 200_000; i++) {
      const { hi, lo } = Key.foldInName(Key.key(0), `plate[${i}]/site`)
      seen.add(hi * 2 ** 21 + (lo >>> 11)) // 53 of the 64 bits
    }
    expect(seen.size).toBe(200_000)
  })
})

describe("permutation", () => {
  it("is one", () => {
    for (const n of [0, 1, 2, 3, 10, 1000]) {
      const order = Key.permutation(Key.key(n), n)
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }
    expect(Key.permutation(Key.key(1), 1000)).toEqual(Key.permutation(Key.key(1), 1000))
    expect(Key.permutation(Key.key(1), 1000)).not.toEqual(Key.permutation(Key.key(2), 1000))
  })

  it("takes the 24 orders of 4 equally often (false-alarm rate 1e-6)", () => {
    const counts = new Map<string, number>()
    for (const key of Key.split(Key.key(11), 24_000)) {
      const order = Key.permutation(key, 4).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)
    expect(chi2).toBeLessThan(70.55) // 23 degrees of freedom
  })

  it("sends each of 100 to each decile equally often (false-alarm rate 1e-6)", () => {
    // Counts of (item 37 lands at place j): a shift or a cut deck would pass the test above more easily.
    const counts = new Array<number>(100).fill(0)
    for (const key of Key.split(Key.key(12), 20_000)) counts[Key.permutation(key, 100).indexOf(37)]!++
    const chi2 = counts.reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)
    expect(chi2).toBeLessThan(180.8) // 99 degrees of freedom
  })
})

describe("bad arguments", () => {
  for (const [name, f] of [
    ["split, −1", () => Key.split(Key.key(0), -1)],
    ["split, 1.5", () => Key.split(Key.key(0), 1.5)],
    ["split, NaN", () => Key.split(Key.key(0), Number.NaN)],
    ["bits of a negative size", () => Key.bits(Key.key(0), [-2])],
    ["bits of two negative sizes", () => Key.bits(Key.key(0), [-2, -3])],
    ["uniform of a fraction", () => Key.uniformValues(Key.key(0), [2, 1.5])],
    ["normal of NaN", () => Key.normalValues(Key.key(0), [Number.NaN])],
    ["permutation of −1", () => Key.permutation(Key.key(0), -1)],
    ["permutation of infinitely many", () => Key.permutation(Key.key(0), Number.POSITIVE_INFINITY)],
  ] as const) {
    it(name, () => {
      expect(f).toThrow(InvalidArgument)
      expect(f).toThrow(/^Key\.\w+: expected whole numbers from 0 to 2³², found /)
    })
  }
})

describe("speed", () => {
  it("a million words take no more than ten times as long as Math.random's (an allocation each: a hundred)", () => {
    const out = new Float64Array(1_000_000)
    const time = (f: () => void) => {
      const start = performance.now()
      f()
      return performance.now() - start
    }
    // In turns, and the best of each: the machine may be busy.
    let [least, words] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let i = 0; i < 10; i++) {
      least = Math.min(
        least,
        time(() => {
          for (let j = 0; j < out.length; j++) out[j] = Math.random()
        }),
      )
      words = Math.min(
        words,
        time(() => Key.bits(Key.key(1), [out.length])),
      )
    }
    expect(words / least).toBeLessThan(10)
  })
})
