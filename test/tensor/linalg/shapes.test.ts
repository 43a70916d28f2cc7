/** Shapes that do not fit: the error of each public function, with what was asked and what was found. */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../../src/tensor/errors.ts"
import * as L from "../../../src/tensor/linalg.ts"
import { on } from "../../laws/onBackends.ts"

on(["cpu"], (check) => {
  const zeros = (...shape: Array<number>) => tf.zeros(shape)
  const bad: ReadonlyArray<readonly [call: () => tf.Tensor, message: string]> = [
    [() => L.cholesky(zeros(3)), "cholesky: expected a square matrix [...batch, n, n], found [3]"],
    [() => L.cholesky(zeros(2, 3)), "cholesky: expected a square matrix [...batch, n, n], found [2, 3]"],
    [() => L.logDet(zeros(2, 3)), "logDet: expected a square matrix"],
    [() => L.logDetCholesky(zeros(2, 3)), "logDetCholesky: expected a square matrix"],
    [() => L.choleskyInverse(tf.scalar(1)), "choleskyInverse: expected a square matrix"],
    [() => L.choleskySolve(zeros(3, 3), zeros(3)), "choleskySolve: expected [...batch, 3, k], found [3]"],
    [
      () => L.choleskySolve(zeros(3, 3), zeros(2, 2)),
      "choleskySolve: expected [...batch, 3, k], found [2, 2]",
    ],
    [() => L.triangularSolve(zeros(3, 2), zeros(3, 1)), "triangularSolve: expected a square matrix"],
    [
      () => L.triangularSolve(zeros(2, 3, 3), zeros(4, 3, 1)),
      "triangularSolve: expected batch dimensions that broadcast with [2], found [4, 3, 1]",
    ],
    [() => L.triangularInverse(zeros(3)), "triangularInverse: expected a square matrix"],
    [() => L.quadraticForm(zeros(3, 3), zeros(4)), "quadraticForm: expected [...batch, 3], found [4]"],
    [() => L.quadraticForm(zeros(2, 3, 3), zeros(5, 3)), "quadraticForm: expected batch dimensions"],
    [() => L.tril(zeros(3)), "tril: expected a matrix [...batch, m, n], found [3]"],
    [() => L.triu(tf.scalar(0)), "triu: expected a matrix"],
    [() => L.fillTriangular(zeros(4)), "fillTriangular: expected a vector of n(n + 1)/2 numbers, found [4]"],
    [() => L.fillTriangular(zeros(2, 5), { diagonal: -1 }), "a vector of n(n − 1)/2 numbers, found [2, 5]"],
    [() => L.fillTriangular(tf.scalar(0)), "fillTriangular: expected a vector [...batch, n], found []"],
    [() => L.packTriangular(zeros(2, 3)), "packTriangular: expected a square matrix"],
    [() => L.matrixTranspose(zeros(3)), "matrixTranspose: expected a matrix"],
    [() => L.diagPart(zeros(2, 3)), "diagPart: expected a square matrix"],
    [() => L.diag(tf.scalar(1)), "diag: expected a vector"],
    [() => L.setDiag(zeros(3, 3), zeros(2)), "setDiag: expected [...batch, 3], found [2]"],
    [() => L.setDiag(zeros(3, 3), tf.scalar(1)), "setDiag: expected [...batch, 3], found []"],
    [() => L.outer(tf.scalar(1), zeros(2)), "outer: expected a vector"],
    [() => L.outer(zeros(2, 3), zeros(3, 3)), "outer: expected batch dimensions"],
    [
      () => L.squaredDistance(tf.scalar(1), zeros(2), zeros(2, 2), "factor"),
      "squaredDistance: expected [...batch, 2], found []",
    ],
    [
      () => L.squaredDistance(zeros(2), tf.scalar(1), zeros(2, 2), "covariance"),
      "squaredDistance: expected [...batch, 2], found []",
    ],
    [
      () => L.squaredDistance(zeros(3, 2), zeros(4, 2), zeros(2, 2), "precision"),
      "squaredDistance: expected batch dimensions that broadcast with [4], found [3, 2]",
    ],
    [
      () => L.squaredDistance(zeros(2), zeros(2), zeros(2, 3), "factor"),
      "squaredDistance: expected a square matrix",
    ],
    [
      () => L.lowRankDistance(zeros(2), zeros(2), zeros(2), zeros(2)),
      "lowRankDistance: expected a matrix [...batch, m, n], found [2]",
    ],
    [
      () => L.lowRankHalfLogDet(zeros(2, 1), tf.scalar(1)),
      "lowRankHalfLogDet: expected a vector [...batch, n], found []",
    ],
    [
      () => L.lowRankHalfLogDet(zeros(2, 1), zeros(3)),
      "lowRankHalfLogDet: expected [...batch, 2], found [3]",
    ],
    [
      () => L.studentVectorLogDensity(zeros(2), zeros(3), zeros(2), zeros(2, 2, 2)),
      "studentVectorLogDensity: expected batch dimensions that broadcast with [2], found [3]",
    ],
    [() => L.matvec(zeros(2, 3), zeros(2)), "matvec: expected [...batch, 3], found [2]"],
    [() => L.matvec(zeros(2, 3), zeros(3), { transpose: true }), "matvec: expected [...batch, 2], found [3]"],
  ]
  for (const [call, message] of bad) {
    check(message, () => {
      tf.tidy(() => {
        expect(call).toThrow(ShapeMismatch)
        expect(call).toThrow(message)
      })
    })
  }
})
