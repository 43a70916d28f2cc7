import { expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "../../src/tensor/errors.ts"
import * as Tree from "../../src/tensor/Tree.ts"

const make = () => ({
  encoder: { w: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), b: tf.tensor1d([7, 8]) },
  scale: tf.scalar(9),
  none: {},
})

const values = (tree: Tree.Tree) =>
  Object.fromEntries(Tree.entries(tree).map(([path, leaf]) => [path, Array.from(leaf.dataSync())]))

const thrown = (f: () => unknown): unknown => {
  try {
    f()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

for (const backend of ["cpu", "wasm"] as const) {
  it.layer(Backend[backend]())(`Tree on ${backend}`, (it) => {
    /** A test whose tensors are all gone at its end, but for those it makes and leaves to the tidy. */
    const check = (name: string, f: () => void) =>
      it.effect(name, () =>
        Effect.sync(() => {
          const before = tf.memory().numTensors
          tf.tidy(f)
          expect(tf.memory().numTensors).toBe(before)
        }),
      )

    check("leaves and entries in insertion order", () => {
      const tree = make()
      expect(Tree.isTensor(tree)).toBe(false)
      expect(Tree.isTensor(tree.scale)).toBe(true)
      expect(Tree.leaves(tree)).toEqual([tree.encoder.w, tree.encoder.b, tree.scale])
      expect(Tree.entries(tree).map(([path]) => path)).toEqual(["encoder/w", "encoder/b", "scale"])
      expect(Tree.entries(tree.scale)).toEqual([["", tree.scale]])
      expect(Tree.entries({})).toEqual([])
      expect(Tree.count(tree)).toBe(9)
      expect(Tree.count({})).toBe(0)
    })

    check("map keeps names and type, and passes paths", () => {
      const tree = make()
      const paths: Array<string> = []
      const out = Tree.map(tree, (leaf, path) => {
        paths.push(path)
        return tf.mul(leaf, 2)
      })
      expect(paths).toEqual(["encoder/w", "encoder/b", "scale"])
      expect(values(out)).toEqual({ "encoder/w": [2, 4, 6, 8, 10, 12], "encoder/b": [14, 16], scale: [18] })
      expect(out.none).toEqual({})
      expect(out.encoder.w.shape).toEqual([2, 3])
      expect(Tree.map(tree.scale, (leaf) => tf.neg(leaf)).dataSync()[0]).toBe(-9)
    })

    check("zipWith takes the order of the left", () => {
      const [left, right] = [make(), make()]
      const turned = { none: {}, scale: right.scale, encoder: { b: right.encoder.b, w: right.encoder.w } }
      const out = Tree.zipWith(left, turned, (a, b, path) => tf.add(tf.mul(a, 10), tf.mul(b, path.length)))
      expect(Object.keys(out)).toEqual(["encoder", "scale", "none"])
      expect(values(out)).toEqual({
        "encoder/w": [19, 38, 57, 76, 95, 114],
        "encoder/b": [133, 152],
        scale: [135],
      })
    })

    check("zipWith of different names says which, before it makes a tensor", () => {
      const one = tf.scalar(1)
      const cases: ReadonlyArray<readonly [Tree.Tree, Tree.Tree, string]> = [
        [{ a: one, b: { c: one } }, { a: one, b: {} }, "missing b/c"],
        [{ a: one }, { a: one, d: one, e: one }, "unexpected d, e"],
        [{ a: one, b: one }, { a: one, c: one }, "missing b; unexpected c"],
        [{ a: { b: one } }, { a: one }, "missing a as a record; unexpected a as a tensor"],
        [one, { a: one }, "missing the root as a tensor; unexpected the root as a record"],
        [{ "a/b": one }, { a: { b: one } }, "missing a/b; unexpected a"],
        [{ a: {} }, {}, "missing a"],
        [{ toString: one }, {}, "missing toString"],
      ]
      for (const [a, b, message] of cases) {
        let calls = 0
        const error = thrown(() =>
          Tree.zipWith(a, b, (x) => {
            calls++
            return x
          }),
        )
        expect(error).toBeInstanceOf(TreeMismatch)
        expect((error as TreeMismatch).message).toBe(`Tree.zipWith: ${message}`)
        expect(calls).toBe(0)
      }
    })

    check("fromEntries nests on the slash, and lists again the same", () => {
      const tree = make()
      const { none, ...rest } = tree
      expect(Tree.fromEntries(Tree.entries(tree))).toEqual(rest)
      expect(Tree.fromEntries(Tree.entries(tree.scale))).toBe(tree.scale)
      expect(Tree.fromEntries([])).toEqual({})
      const [a, b, c] = [tf.scalar(1), tf.scalar(2), tf.scalar(3)]
      for (const odd of [
        { "a/b": a, "a/c": b, d: c },
        { "a//b": a, "/": b, "c/": c },
        { ["__proto__"]: { x: a }, constructor: b },
      ] as ReadonlyArray<Tree.Tree>) {
        const entries = Tree.entries(odd)
        expect(Tree.entries(Tree.fromEntries(entries))).toEqual(entries)
      }
      expect(
        Tree.fromEntries([
          ["a/b/c", a],
          ["a/d", b],
        ]),
      ).toEqual({ a: { b: { c: a }, d: b } })
    })

    check("fromEntries refuses a path that is taken", () => {
      const a = tf.scalar(1)
      for (const paths of [
        ["x", "x"],
        ["x", "x/y"],
        ["x/y", "x"],
        ["x/y/z", "x/y"],
        ["x/y", "x/y/z/w"],
      ]) {
        const error = thrown(() => Tree.fromEntries(paths.map((path) => [path, a])))
        expect(error).toBeInstanceOf(InvalidArgument)
        expect((error as InvalidArgument).message).toContain(`"${paths[1]}"`)
      }
    })

    check("norm", () => {
      expect(Tree.norm(make()).dataSync()[0]).toBeCloseTo(Math.sqrt(285), 5) // 1² + … + 9²
      expect(Tree.norm(make()).shape).toEqual([])
      expect(Tree.norm({}).dataSync()[0]).toBe(0)
      expect(Tree.norm(tf.tensor1d([3, -4])).dataSync()[0]).toBe(5)
    })

    check("ravel and back", () => {
      const tree = make()
      const { flat, unravel } = Tree.ravel(tree)
      expect(flat.shape).toEqual([9])
      expect(Array.from(flat.dataSync())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      Tree.dispose(tree) // the way back needs the structure only
      const out = unravel(tf.add(flat, 1))
      expect(values(out)).toEqual({ "encoder/w": [2, 3, 4, 5, 6, 7], "encoder/b": [8, 9], scale: [10] })
      expect([out.encoder.w.shape, out.scale.shape, out.none]).toEqual([[2, 3], [], {}])
    })

    check("ravel of odd trees: a lone tensor, none, empty leaves, integers", () => {
      const lone = Tree.ravel(tf.tensor2d([[1, 2]]))
      expect(lone.unravel(lone.flat).arraySync()).toEqual([[1, 2]])
      const none = Tree.ravel({})
      expect([none.flat.shape, none.unravel(none.flat)]).toEqual([[0], {}])
      const mixed = { a: tf.zeros([0, 3]), i: tf.tensor1d([1, 2], "int32"), x: tf.scalar(0.5) }
      const { flat, unravel } = Tree.ravel(mixed)
      expect([flat.dtype, Array.from(flat.dataSync())]).toEqual(["float32", [1, 2, 0.5]])
      const back = unravel(flat)
      expect([back.a.shape, back.i.dtype, back.x.dtype]).toEqual([[0, 3], "int32", "float32"])
      expect(values(back)).toEqual({ a: [], i: [1, 2], x: [0.5] })
    })

    check("ravel's flat vector is a tensor of its own, also for a single vector", () => {
      const tree = { a: tf.tensor1d([1, 2]) }
      const { flat } = Tree.ravel(tree)
      tree.a.dispose()
      expect(Array.from(flat.dataSync())).toEqual([1, 2])
    })

    check("unravel is differentiable", () => {
      const { flat, unravel } = Tree.ravel({ a: tf.tensor1d([1, 2]), b: { c: tf.scalar(3) } })
      const gradient = tf.grad((x) => {
        const { a, b } = unravel(x)
        return tf.add(tf.sum(tf.square(a)), tf.mul(b.c, tf.sum(a)))
      })(flat)
      expect(Array.from(gradient.dataSync())).toEqual([5, 7, 3]) // 2a + c, Σa
    })

    check("unravel refuses another length", () => {
      const { unravel } = Tree.ravel(make())
      for (const wrong of [tf.zeros([8]), tf.zeros([3, 3]), tf.scalar(0)]) {
        const error = thrown(() => unravel(wrong))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect((error as ShapeMismatch).message).toMatch(/expected \[9\], found \[(8|3, 3)?\]/)
      }
    })

    check("unflatten", () => {
      const tree = make()
      const negative = Tree.leaves(tree).map((leaf) => tf.neg(leaf))
      expect(values(Tree.unflatten(tree, negative))).toEqual({
        "encoder/w": [-1, -2, -3, -4, -5, -6],
        "encoder/b": [-7, -8],
        scale: [-9],
      })
      const error = thrown(() => Tree.unflatten(tree, negative.slice(1)))
      expect(error).toBeInstanceOf(InvalidArgument)
      expect((error as InvalidArgument).message).toBe("Tree.unflatten: expected 3 leaves, found 2")
    })

    check("clone and dispose", () => {
      const tree = make()
      const copy = Tree.clone(tree)
      Tree.dispose(tree)
      Tree.dispose(tree) // twice is no error
      expect(Tree.leaves(tree).every((leaf) => leaf.isDisposed)).toBe(true)
      expect(values(copy)).toEqual({ "encoder/w": [1, 2, 3, 4, 5, 6], "encoder/b": [7, 8], scale: [9] })
    })

    it.effect("keep outlives the tidy", () =>
      Effect.sync(() => {
        const before = tf.memory().numTensors
        const kept: Array<Tree.Tree> = []
        tf.tidy(() => {
          tf.scalar(1)
          const tree = make()
          expect(Tree.keep(tree)).toBe(tree)
          kept.push(tree)
        })
        expect(tf.memory().numTensors).toBe(before + 3)
        expect(values(kept[0]!).scale).toEqual([9])
        Tree.dispose(kept[0]!)
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    check("to the host and back, as copies", () => {
      const tree = make()
      const host = Tree.toHost(tree)
      expect(host).toEqual({
        "encoder/w": { shape: [2, 3], values: new Float32Array([1, 2, 3, 4, 5, 6]) },
        "encoder/b": { shape: [2], values: new Float32Array([7, 8]) },
        scale: { shape: [], values: new Float32Array([9]) },
      })
      const back = Tree.fromHost(host)
      for (const { values } of Object.values(host)) values.fill(0)
      const { none, ...rest } = tree
      expect(values(back)).toEqual(values(rest))
      expect(values(tree).scale).toEqual([9])
      expect(Tree.toHost(tf.tensor1d([1, 2], "int32"))).toEqual({
        "": { shape: [2], values: new Float32Array([1, 2]) },
      })
    })

    it.effect("fromHost refuses a wrong number of values and a taken path, and leaves no tensor", () =>
      Effect.sync(() => {
        const before = tf.memory().numTensors
        const good = { shape: [2], values: new Float32Array(2) }
        const short = thrown(() =>
          Tree.fromHost({ a: good, "b/c": { shape: [2, 3], values: new Float32Array(5) } }),
        )
        expect(short).toBeInstanceOf(ShapeMismatch)
        expect((short as ShapeMismatch).message).toBe(
          'Tree.fromHost: "b/c": expected 6 values for the shape [2, 3], found 5 values',
        )
        expect(thrown(() => Tree.fromHost({ a: good, "a/b": good }))).toBeInstanceOf(InvalidArgument)
        expect(tf.memory().numTensors).toBe(before)
      }),
    )
  })
}
