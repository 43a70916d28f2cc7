import "@tensorflow/tfjs-backend-cpu"
import { kernelSuite } from "./suite.ts"

kernelSuite("cpu")
