/** What to do about a step that is not finite, by what was found at fault. */
export const advice = {
  /** A parameter of the programs, or its image in its support. */
  update:
    'the step before was too long: take smaller ones (nonFinite: "restore" halves them), or clip the gradient',
  /** A parameter of a site's distribution. */
  parameter: "keep it in its set where it is computed, as by softplus, sigmoid or a floor",
  data: "mask these data (see Masked), or leave them out",
  draw: "see what it is drawn from",
  outside: "leave these data out, or take a distribution that can give them",
  density:
    "the value is impossible there, or so unlikely that float32 ends: rescale the data, or take heavier tails",
  factor: "keep logarithms, quotients and exponentials within float32, as by a floor",
  sum: "terms are too large to be added up in float32: rescale the data",
  gradient:
    "an operation has no finite derivative there, as √ and quotients at 0, even where tf.where does not take their value",
} as const
