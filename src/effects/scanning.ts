/**
 * One run of a `scan`: what its step's sites are before it runs for all times together. The first step by itself says where
 * each site's values come from: the step's own data, a handler outside, the enumeration of all of them, or a draw. Where some
 * are drawn, all steps run, one after another, and nothing of it is recorded.
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { broadcast, equals, format } from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import { SiteMismatch } from "./errors.ts"
import type { Foreseen, Interpretation, PlateFrame, SampleSite } from "./Interpreter.ts"
import { enclosed } from "./Plate.ts"
import { frameShape } from "./place.ts"

/** What is known of one site of the step. */
interface Known {
  readonly site: SampleSite
  /** `"own"`: the step itself gives it a value, its data. */
  readonly from: "own" | "outside" | "enumerated" | "drawn"
  /** Of all steps, where it comes from outside; drawn ones, step by step. */
  readonly values: Array<tf.Tensor>
}

/** Where a tensor of the state comes from. */
type Source = { readonly site: string } | { readonly input: tf.Tensor }

/** One run of a scan. */
export class Scanning {
  readonly steps: number
  readonly #frame: PlateFrame
  readonly #inputs: Tree.Tree
  readonly #outer: Interpretation
  readonly #known = new Map<string, Known>()
  /** The values that sites had at the step that runs now. */
  #values = new Map<tf.Tensor, string>()
  #sources: ReadonlyArray<Source> = []

  constructor(name: string, inputs: Tree.Tree, outer: Interpretation) {
    const around = outer.plates.find(({ isChain }) => isChain)
    if (around !== undefined) {
      const expected = "no scan within a scan's step"
      throw new InvalidArgument({ where: `scan "${name}"`, expected, found: `one within "${around.name}"` })
    }
    this.steps = lengthOf(name, inputs)
    this.#frame = { ...enclosed(name, this.steps, outer.plates), isChain: true }
    this.#inputs = inputs
    this.#outer = outer
  }

  /** Whether there is a site whose values must be drawn step by step. */
  get isDrawn(): boolean {
    return [...this.#known.values()].some(({ from }) => from === "drawn")
  }

  inputsAt<I extends Tree.Tree>(t: number): I {
    return Tree.map(this.#inputs, (leaf) => tf.slice(leaf, [t], [1])) as I
  }

  /** The interpreter of one step by itself, which finds its sites' values and records nothing. */
  ahead(t: number): Interpretation {
    const outer = this.#outer
    this.#values = new Map()
    return {
      ...outer,
      plates: [...outer.plates, { ...this.#frame, size: 1, extent: 1 }],
      sample: (site) => {
        const { value, axis } = this.#valueAt(t, site)
        this.#values.set(value, site.name)
        return { ...site, value, axes: axis === undefined ? site.axes : [...site.axes, axis] }
      },
      factor: (site) => site,
      deterministic: (site) => site,
      key: (name) => Key.foldIn(outer.key(name), t),
    }
  }

  #valueAt(t: number, site: SampleSite): Pick<Foreseen, "value" | "axis"> {
    const known = this.#known.get(site.name)
    if (known?.from === "outside") return { value: this.#slice(known.values[0]!, site, t) }
    const { value, isDrawn, axis } = this.#outer.ahead(site, { step: t })
    if (known === undefined) {
      const isOwn = site.value !== undefined && value === site.value
      const from = axis !== undefined ? "enumerated" : isDrawn ? "drawn" : isOwn ? "own" : "outside"
      this.#known.set(site.name, { site, from, values: from === "own" ? [] : [value] })
      return from === "outside" ? { value: this.#slice(value, site, t) } : { value, ...(axis && { axis }) }
    }
    if (isDrawn) known.values.push(value)
    return { value }
  }

  /** One step of values of all steps. Throws `ShapeMismatch` where there is not one for each. */
  #slice(values: tf.Tensor, site: SampleSite, t: number): tf.Tensor {
    const { eventShape } = site.distribution
    const at = values.rank - eventShape.length + this.#frame.dim
    if (values.shape[at] !== this.steps) {
      throw new ShapeMismatch({
        where: `site "${site.name}"`,
        expected: `a value with the ${this.steps} steps of "${this.#frame.name}" at batch dimension ${this.#frame.dim}`,
        found: format(values.shape),
      })
    }
    const begin = values.shape.map((_, i) => (i === at ? t : 0))
    return tf.slice(
      values,
      begin,
      values.shape.map((size, i) => (i === at ? 1 : size)),
    )
  }

  /** What a step gave, as the next one's previous state; after the first step, what its tensors are. */
  settle<S extends Tree.Tree>(t: number, next: S, inputs: Tree.Tree, first: S): S {
    if (t > 0) return next
    const { name } = this.#frame
    const given = new Map(Tree.leaves(inputs).map((leaf, i) => [leaf, Tree.leaves(this.#inputs)[i]!]))
    Tree.zipWith(first, next, (before, leaf, path) => {
      const found = this.#sourceOf(leaf, given)
      if (found === undefined) {
        throw new InvalidArgument({
          where: `scan "${name}"`,
          expected: "a next state of values of the step's sites, or of its inputs, as they are",
          found: `one computed from them${path === "" ? "" : ` at "${path}"`}`,
        })
      }
      this.#checkFirst(before, leaf, found, path)
      return leaf
    })
    this.#sources = Tree.leaves(Tree.zipWith(first, next, (_, leaf) => leaf)).map(
      (leaf) => this.#sourceOf(leaf, given)!,
    )
    const mixed = [...this.#known.values()].filter(({ from }) => from === "drawn" || from === "enumerated")
    if (this.isDrawn && mixed.some(({ from }) => from === "enumerated")) {
      throw new SiteMismatch({
        reason: `the steps of scan "${name}" cannot be summed out while they are drawn (enumerate all its latent sites or give the others values):`,
        sites: mixed.map(({ site }) => site.name),
      })
    }
    return next
  }

  #sourceOf(leaf: tf.Tensor, inputs: ReadonlyMap<tf.Tensor, tf.Tensor>): Source | undefined {
    const input = inputs.get(leaf)
    if (input !== undefined) return { input }
    const site = this.#values.get(leaf)
    if (site === undefined || this.#known.get(site)!.from !== "own")
      return site === undefined ? site : { site }
    // Data that are no input are known for one step alone.
    return undefined
  }

  #checkFirst(before: tf.Tensor, leaf: tf.Tensor, source: Source, path: string): void {
    const known = "site" in source ? this.#known.get(source.site)! : undefined
    const event = known?.site.distribution.eventShape ?? []
    const shape =
      known?.from === "enumerated"
        ? [...frameShape([...this.#outer.plates, { ...this.#frame, extent: 1 }]), ...event]
        : leaf.shape
    const both = broadcast(before.shape, shape)
    // Beside enumerated states it may have variables of its own, from outside.
    if (both !== undefined && (known?.from === "enumerated" || equals(both, shape))) return
    throw new ShapeMismatch({
      where: `scan "${this.#frame.name}": first${path === "" ? "" : ` at "${path}"`}`,
      expected: `a state that broadcasts to one step's ${format(shape)}`,
      found: format(before.shape),
    })
  }

  /** The state before each step. */
  previous<S extends Tree.Tree>(first: S): S {
    const sources = [...this.#sources]
    return Tree.map(first, (before) => {
      const source = sources.shift()!
      const start = before.dtype === "float32" ? before : tf.cast(before, "float32")
      if ("input" in source) return this.#shifted(start, source.input, 0)
      const { site, from, values } = this.#known.get(source.site)!
      if (from === "enumerated") return this.#enumerated(start, site)
      const all = this.#all({ site, from, values })
      return this.#shifted(start, all, all.rank - site.distribution.eventShape.length + this.#frame.dim)
    })
  }

  #all({ site, from, values }: Known): tf.Tensor {
    if (from !== "drawn") return values[0]!
    const at = values[0]!.rank - site.distribution.eventShape.length + this.#frame.dim
    return values.length === 1 ? values[0]! : tf.concat(values, at)
  }

  /** Values a step later, `first` at the first one. */
  #shifted(first: tf.Tensor, values: tf.Tensor, at: number): tf.Tensor {
    const one = values.shape.map((size, i) => (i === at ? 1 : size))
    const shape = broadcast(first.shape, one)!
    const start = tf.broadcastTo(first, [...shape])
    if (this.steps === 1) return start
    const kept = tf.slice(
      values,
      one.map(() => 0),
      one.map((size, i) => (i === at ? this.steps - 1 : size)),
    )
    return tf.concat([start, tf.cast(kept, "float32")], at)
  }

  /** All values of the state before, along a dimension of its own; at the first step, `first`. */
  #enumerated(first: tf.Tensor, site: SampleSite): tf.Tensor {
    const { value } = this.#outer.ahead(site, "previous")
    const event = site.distribution.eventShape.length
    const ones = new Array<number>(-this.#frame.dim - 1 + event).fill(1)
    const isFirst = tf.reshape(tf.equal(tf.range(0, this.steps), 0), [this.steps, ...ones])
    return tf.where(isFirst, first, value)
  }

  /** The interpreter of all steps together. */
  together(): Interpretation {
    const outer = this.#outer
    return {
      ...outer,
      plates: [...outer.plates, this.#frame],
      sample: (site) => {
        const known = this.#known.get(site.name)
        if (known?.from !== "drawn") return outer.sample(site)
        const value = this.#all(known)
        const settled = outer.sample({ ...site, value, isDrawn: true })
        if (settled.value === value) return settled
        throw new SiteMismatch({
          reason: `a handler around scan "${this.#frame.name}" gives values that it did not give ahead, to`,
          sites: [site.name],
        })
      },
    }
  }
}

const lengthOf = (name: string, inputs: Tree.Tree): number => {
  const lengths = Tree.leaves(inputs).map(({ shape }) => shape[0] ?? 0)
  const refuse = (expected: string, found: string) =>
    new InvalidArgument({ where: `scan "${name}": inputs`, expected, found })
  if (lengths.length === 0) throw refuse("at least one tensor, time along its first axis", "none")
  if (lengths.some((length) => length === 0)) throw refuse("at least one step", "none")
  const other = lengths.find((length) => length !== lengths[0])
  if (other === undefined) return lengths[0]!
  throw new ShapeMismatch({
    where: `scan "${name}": inputs`,
    expected: `${lengths[0]} steps in all`,
    found: String(other),
  })
}
