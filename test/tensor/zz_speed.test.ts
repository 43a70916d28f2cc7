import "@tensorflow/tfjs-backend-cpu"
import "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { it } from "vitest"
import { registerKernels } from "/work/main/src/tensor/kernels/register.ts"
import * as S from "/work/main/src/tensor/special.ts"
import { gammaincShape } from "/work/main/src/tensor/special/incompleteGamma.ts"
import { betaincA } from "/work/main/src/tensor/special/incompleteBeta.ts"
const N=1e6
const u=(lo:number,hi:number)=>{const x=new Float32Array(N);let s=12345;for(let i=0;i<N;i++){s=(Math.imul(s,1664525)+1013904223)>>>0;x[i]=lo+(hi-lo)*s/2**32}return tf.tensor1d(x)}
const lu=(lo:number,hi:number)=>tf.tidy(()=>tf.exp(u(Math.log(lo),Math.log(hi))))
const T:any={
 "lgamma (0,20)":()=>[S.lgamma,u(0,20)],"lgamma (1e2,1e6)":()=>[S.lgamma,lu(1e2,1e6)],"lgamma (-20,0)":()=>[S.lgamma,u(-20,0)],
 "digamma (0,20)":()=>[S.digamma,u(0,20)],"trigamma (0,20)":()=>[S.trigamma,u(0,20)],"polygamma(3) (0,20)":()=>[(x:any)=>S.polygamma(3,x),u(0,20)],
 "lbeta":()=>[S.lbeta,lu(.01,1e3),lu(.01,1e3)],"lbetaSlope":()=>[S.lbetaSlope,lu(.01,1e3),lu(.01,1e3)],
 "erf":()=>[S.erf,u(-4,4)],"erfc":()=>[S.erfc,u(-4,4)],"erfcx":()=>[S.erfcx,u(-4,10)],"erfinv":()=>[S.erfinv,u(-1,1)],"ndtr":()=>[S.ndtr,u(-5,5)],"logNdtr":()=>[S.logNdtr,u(-10,5)],"ndtri":()=>[S.ndtri,u(0,1)],
 "i0e":()=>[S.i0e,u(0,40)],"i1e":()=>[S.i1e,u(0,40)],"logI0e":()=>[S.logI0e,u(0,40)],"besselRatio":()=>[S.besselRatio,u(0,40)],"log1mexp":()=>[S.log1mexp,u(0,5)],
}
for(const a of [.1,2,20,1e3,1e6]){ const mk=()=>[tf.fill([N],a), tf.tidy(()=>tf.abs(tf.add(a,tf.mul(u(-2,2),Math.sqrt(a)))))]; T[`gammainc a=${a}`]=()=>[S.gammainc,...mk()]; T[`gammaincc a=${a}`]=()=>[S.gammaincc,...mk()]; T[`gammaincShape a=${a}`]=()=>[gammaincShape,...mk()]; T[`gammaDensity a=${a}`]=()=>[S.gammaDensity,...mk()] }
for(const [a,b] of [[.5,.5],[2,3],[20,30],[1e3,1e3],[1e5,1e5],[.5,5e5]]){ const m=a/(a+b),sd=Math.sqrt(m*(1-m)/(a+b+1)); const mk=()=>[tf.fill([N],a),tf.fill([N],b),tf.tidy(()=>tf.clipByValue(tf.add(m,tf.mul(u(-2,2),sd)),1e-9,.99999))]; T[`betainc ${a},${b}`]=()=>[S.betainc,...mk()]; T[`betaincA ${a},${b}`]=()=>[betaincA,...mk()]; }
it("speed",async()=>{ registerKernels("cpu"); registerKernels("wasm")
 const res:any={}
 for(const b of ["cpu","wasm"]){ await tf.setBackend(b); for(const k of Object.keys(T)){ const [f,...args]=T[k](); f(...args.map((a:any)=>tf.slice(a,[0],[20000]))).dispose(); const t=performance.now(); const y=f(...args); const d=performance.now()-t; (res[k]??={})[b]=Math.round(d/N*1e6); tf.dispose([y,args]) } }
 console.log(Object.entries(res).map(([k,v]:any)=>k.padEnd(26)+String(v.cpu).padStart(6)+String(v.wasm).padStart(6)).join("\n"))
},500000)
