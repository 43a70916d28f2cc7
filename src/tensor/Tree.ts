/**
 * Named trees of tensors: what a set of parameters, a gradient and an optimizer's state are. A tree is a tensor
 * or a record of trees; its leaves come in insertion order, and a leaf is called by its path, the names from
 * the root joined by "/".
 *
 * ```ts
 * const params = { encoder: { w, b }, decoder: { w: v } }
 * Tree.map(params, (leaf) => tf.mul(leaf, 0.9))
 * Tree.entries(params)  // [["encoder/w", w], ["encoder/b", b], ["decoder/w", v]]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch, TreeMismatch } from "./errors.ts"
import * as Shape from "./Shape.ts"

/**
 * A tensor, or a record of trees. As everywhere in JavaScript, names that are whole numbers come first, in
 * rising order, whatever the order of insertion.
 */
export type Tree = tf.Tensor | { readonly [name: string]: Tree }

/** A leaf on the host: its shape and its values in row-major order. */
export interface HostTensor {
  readonly shape: Shape.Shape
  readonly values: Float32Array
}

/** Leaves on the host, by path. */
export type HostTree = { readonly [path: string]: HostTensor }

/** Is this tree a single leaf? */
export const isTensor = (tree: Tree): tree is tf.Tensor => tree instanceof tf.Tensor

/** The same names, each leaf replaced by `f` of it and its path (`""` where the tree is a lone tensor). */
export const map = <T extends Tree>(tree: T, f: (leaf: tf.Tensor, path: string) => tf.Tensor): T =>
  mapAt(tree, f) as T

/**
 * The same names, each leaf `f` of the two leaves there. The order is that of `a`.
 * Throws `TreeMismatch` where a name of one is not in the other, or is a tensor here and a record there.
 */
export const zipWith = <T extends Tree>(
  a: T,
  b: Tree,
  f: (left: tf.Tensor, right: tf.Tensor, path: string) => tf.Tensor,
): T => {
  // Compare before `f` makes any tensor: a failure half way would leave them without an owner.
  if (!matches(a, b)) throw mismatch("Tree.zipWith", a, b)
  return zipAt(a, b, f) as T
}

/** The leaves, in order. */
export const leaves = (tree: Tree): Array<tf.Tensor> => {
  const out: Array<tf.Tensor> = []
  visit(tree, (leaf) => out.push(leaf))
  return out
}

/** The leaves with their paths, in order. */
export const entries = (tree: Tree): Array<readonly [path: string, leaf: tf.Tensor]> => {
  const out: Array<readonly [string, tf.Tensor]> = []
  visit(tree, (leaf, path) => out.push([path, leaf]))
  return out
}

/**
 * The tree with these paths: "/" nests, and the one path `""` stands for a lone tensor. A name that holds a
 * "/" itself comes back as nested records with the same paths: `entries(fromEntries(es))` lists `es` again.
 * Throws `InvalidArgument` where a path comes twice, or is both a tensor and a record.
 */
export const fromEntries = (pairs: Iterable<readonly [path: string, leaf: tf.Tensor]>): Tree => {
  const list = [...pairs]
  if (list.length === 1 && list[0]![0] === "") return list[0]![1]
  const root: Branch = new Map()
  for (const [path, leaf] of list) {
    const names = path.split("/")
    const last = names.pop()!
    let branch = root
    for (const name of names) {
      const next = branch.get(name) ?? new Map()
      if (!(next instanceof Map)) throw clash(path, `"${name}" there is a tensor already`)
      branch.set(name, next)
      branch = next
    }
    if (branch.has(last)) throw clash(path, "the path is taken already")
    branch.set(last, leaf)
  }
  return fromBranch(root)
}

/** The number of scalars in all leaves together. */
export const count = (tree: Tree): number => {
  let n = 0
  visit(tree, (leaf) => {
    n += leaf.size
  })
  return n
}

/** The l2 norm over all leaves together, `√Σ x²`, a scalar tensor; 0 for a tree without leaves. */
export const norm = (tree: Tree): tf.Scalar =>
  tf.tidy(() => {
    const squares = leaves(tree).map((leaf) => tf.sum(tf.square(leaf)))
    return (squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares))) as tf.Scalar
  })

/**
 * All leaves in one float32 vector `[count]`, and the way back. `unravel` is differentiable, gives each leaf its dtype
 * again, and throws `ShapeMismatch` for a vector of another length.
 */
export const ravel = <T extends Tree>(tree: T): { flat: tf.Tensor1D; unravel: (flat: tf.Tensor) => T } => {
  const parts = leaves(tree).map(({ shape, size, dtype }) => ({ shape, size, dtype }))
  const total = parts.reduce((n, { size }) => n + size, 0)
  // The structure alone is kept, so that the way back does not hold on to the leaves.
  const outline = outlineOf(tree)
  const flat = tf.tidy(() => {
    const vectors = leaves(tree).map((leaf) => tf.reshape(tf.cast(leaf, "float32"), [leaf.size]))
    return vectors.length === 0 ? tf.tensor1d([]) : tf.concat1d(vectors as Array<tf.Tensor1D>)
  })
  const unravel = (vector: tf.Tensor): T => {
    if (!Shape.equals(vector.shape, [total])) {
      throw new ShapeMismatch({
        where: "Tree.ravel: unravel",
        expected: Shape.format([total]),
        found: Shape.format(vector.shape),
      })
    }
    let next = 0
    return tidyTree(() => {
      const sizes = parts.map(({ size }) => size)
      const pieces = sizes.length === 0 ? [] : tf.split(vector, sizes)
      return fill(outline, () => {
        const { shape, dtype } = parts[next]!
        return tf.cast(tf.reshape(pieces[next++]!, shape), dtype)
      }) as T
    })
  }
  return { flat: flat as tf.Tensor1D, unravel }
}

/** Disposes every leaf. A leaf that is disposed already, or that stands in two places, is no error. */
export const dispose = (tree: Tree): void => visit(tree, (leaf) => leaf.dispose())

/** Keeps every leaf through the end of the enclosing `tf.tidy`, and returns the tree. */
export const keep = <T extends Tree>(tree: T): T => {
  visit(tree, (leaf) => {
    tf.keep(leaf)
  })
  return tree
}

/** A tree of new tensors with the same values; the two are disposed independently. */
export const clone = <T extends Tree>(tree: T): T => map(tree, (leaf) => tf.clone(leaf))

/** Copies the leaves to the host, as float32. Waits for the device, so it has no place inside a step. */
export const toHost = (tree: Tree): HostTree =>
  Object.fromEntries(
    entries(tree).map(([path, leaf]) => [
      path,
      // The CPU backend hands out its own buffer, so the copy is needed.
      { shape: leaf.shape.slice(), values: new Float32Array(leaf.dataSync()) },
    ]),
  )

/**
 * The tree of float32 tensors with these values, nested as in `fromEntries`.
 * Throws `ShapeMismatch` where a shape and the number of its values disagree.
 */
export const fromHost = (host: HostTree): Tree => {
  for (const [path, { shape, values }] of Object.entries(host)) {
    if (Shape.size(shape) !== values.length) {
      throw new ShapeMismatch({
        where: `Tree.fromHost: "${path}"`,
        expected: `${Shape.size(shape)} values for the shape ${Shape.format(shape)}`,
        found: `${values.length} values`,
      })
    }
  }
  return tidyTree(() =>
    fromEntries(
      Object.entries(host).map(([path, { shape, values }]) => [
        path,
        tf.tensor(values.slice(), [...shape], "float32"),
      ]),
    ),
  )
}

/** The tree with the names of `like` and these leaves, in order. Throws `InvalidArgument` for a wrong number. */
export const unflatten = <T extends Tree>(like: T, list: ReadonlyArray<tf.Tensor>): T => {
  const expected = leaves(like).length
  if (list.length !== expected) {
    throw new InvalidArgument({
      where: "Tree.unflatten",
      expected: `${expected} leaves`,
      found: String(list.length),
    })
  }
  let next = 0
  return map(like, () => list[next++]!)
}

// `path` is undefined at the root, which is not the same as below a name that is empty.
const join = (path: string | undefined, name: string): string =>
  path === undefined ? name : `${path}/${name}`

const visit = (tree: Tree, f: (leaf: tf.Tensor, path: string) => void, path?: string): void => {
  if (isTensor(tree)) f(tree, path ?? "")
  else for (const name of Object.keys(tree)) visit(tree[name]!, f, join(path, name))
}

const mapAt = (tree: Tree, f: (leaf: tf.Tensor, path: string) => tf.Tensor, path?: string): Tree =>
  isTensor(tree)
    ? f(tree, path ?? "")
    : record(Object.keys(tree), (name) => mapAt(tree[name]!, f, join(path, name)))

const zipAt = (
  a: Tree,
  b: Tree,
  f: (left: tf.Tensor, right: tf.Tensor, path: string) => tf.Tensor,
  path?: string,
): Tree =>
  isTensor(a)
    ? f(a, b as tf.Tensor, path ?? "")
    : record(Object.keys(a), (name) =>
        zipAt(a[name]!, (b as Record<string, Tree>)[name]!, f, join(path, name)),
      )

// `fromEntries` defines properties, where assignment to "__proto__" would set the prototype.
const record = <A>(names: ReadonlyArray<string>, f: (name: string) => A): { [name: string]: A } =>
  Object.fromEntries(names.map((name) => [name, f(name)]))

const matches = (a: Tree, b: Tree): boolean => {
  if (isTensor(a) || isTensor(b)) return isTensor(a) && isTensor(b)
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && matches(a[name]!, b[name]!))
  )
}

const mismatch = (where: string, expected: Tree, found: Tree): TreeMismatch => {
  const missing: Array<string> = []
  const unexpected: Array<string> = []
  const compare = (a: Tree, b: Tree, path?: string): void => {
    if (isTensor(a) && isTensor(b)) return
    if (isTensor(a) || isTensor(b)) {
      const at = path ?? "the root"
      missing.push(`${at} as a ${isTensor(a) ? "tensor" : "record"}`)
      unexpected.push(`${at} as a ${isTensor(b) ? "tensor" : "record"}`)
      return
    }
    for (const name of Object.keys(a)) {
      if (Object.hasOwn(b, name)) compare(a[name]!, b[name]!, join(path, name))
      else missing.push(join(path, name))
    }
    for (const name of Object.keys(b)) if (!Object.hasOwn(a, name)) unexpected.push(join(path, name))
  }
  compare(expected, found)
  return new TreeMismatch({ where, missing, unexpected })
}

type Branch = Map<string, tf.Tensor | Branch>

const fromBranch = (branch: Branch): Tree =>
  Object.fromEntries([...branch].map(([name, node]) => [name, node instanceof Map ? fromBranch(node) : node]))

const clash = (path: string, why: string): InvalidArgument =>
  new InvalidArgument({ where: "Tree.fromEntries", expected: "distinct paths", found: `"${path}": ${why}` })

type Outline = null | { readonly [name: string]: Outline }

const outlineOf = (tree: Tree): Outline =>
  isTensor(tree) ? null : record(Object.keys(tree), (name) => outlineOf(tree[name]!))

const fill = (outline: Outline, next: () => tf.Tensor): Tree =>
  outline === null ? next() : record(Object.keys(outline), (name) => fill(outline[name]!, next))

// A tree is a container as `tf.tidy` understands it; its type says so only of its own.
const tidyTree = <T extends Tree>(f: () => T): T => tf.tidy(f as () => tf.TensorContainer) as T
