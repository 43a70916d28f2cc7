/** Draws and evidence. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { logEvidence, Normal, param, predictive, sample } from "../../src/index.ts"
import { count, guide, key, model, perRow, perRowGuide, rowsOf, standard, y } from "./models.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

const evidence = (options: object) =>
  logEvidence(perRow, perRowGuide, y(), { over: "rows", samples: 2, key, ...options })

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("predictive", "no draws", () => predictive(model, y(), { samples: 0, key }),
    "InvalidArgument", "samples", count, "found 0"),
  fails("predictive", "NaN draws", () => predictive(model, y(), { samples: Number.NaN, key }),
    "InvalidArgument", "samples", count, "found NaN"),
  fails("predictive", "a guide without a site",
    () => predictive(model, y(), { samples: 1, key, guide: untyped(() => param("at", 0)) }),
    "SiteMismatch", "lacks", '"loc"'),
  fails("predictive", "parameters without one that is read",
    () => predictive(model, y(), { samples: 1, key, guide, params: untyped({ at: own(tf.scalar(0)) }) }),
    "MissingParam", '"scale"', "given are at"),
  fails("predictive", "sites whose shapes change from draw to draw",
    () => {
      let runs = 0
      return predictive((_: number) => sample("z", Normal.standard([++runs])), 0, { samples: 2, key })
    },
    "ShapeMismatch", 'site "z"', "the same shape in every draw, [1]", "[2]"),
  fails("logEvidence", "no draws", () => evidence({ samples: 0 }),
    "InvalidArgument", "logEvidence: samples", count, "found 0"),
  fails("logEvidence", "an unknown plate", () => evidence({ over: "images" }),
    "PlateError", 'plate "images"', "every site inside it", '"z" outside'),
  fails("logEvidence", "a site outside the plate",
    () => logEvidence(model, guide, y(), { over: "rows", samples: 2, key }),
    "PlateError", 'plate "rows"', 'site "loc" outside'),
  fails("logEvidence", "batches larger than the data", () => evidence({ batchSize: 5 }),
    "InvalidArgument", "batchSize", "4 rows", "found 5"),
  fails("logEvidence", "NaN in the data",
    () => logEvidence(perRow, perRowGuide, rowsOf(1, 2, Number.NaN, 4), { over: "rows", samples: 2, key }),
    "OutsideSupport", 'site "y"', "NaN", "index [2]"),
  fails("logEvidence", "a guide without a site",
    () =>
      logEvidence(
        perRow,
        untyped((_: tf.Tensor) => param("at", 0)),
        y(),
        { over: "rows", samples: 2, key },
      ),
    "SiteMismatch", "lacks", '"z"'),
  fails("logEvidence", "parameters without one that is read", () => evidence({ params: {} }),
    "MissingParam", '"at"', "none are given"),
  fails("predictive", "NaN as a parameter",
    () =>
      predictive(model, y(), {
        samples: 2,
        key,
        guide,
        params: { at: own(tf.scalar(Number.NaN)), scale: own(tf.scalar(1)) },
      }),
    "InvalidParameter", 'param "at"', "a finite number", "found NaN"),
  fails("predictive", "a site that only some draws have",
    () => {
      let runs = 0
      return predictive((_: number) => (runs++ === 0 ? sample("z", standard) : Effect.void), 0, {
        samples: 3,
        key,
      })
    },
    "SiteMismatch", "only some of them have", '"z"'),
  fails("logEvidence", "data without a row",
    () => logEvidence(perRow, perRowGuide, { size: 0, take: y }, { over: "rows", samples: 2, key }),
    "InvalidArgument", "data set", "at least one row", "found 0"),
]
