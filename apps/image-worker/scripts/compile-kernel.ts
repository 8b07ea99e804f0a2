import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import type { KernelName } from '../src/kernels/kernel.ts'

/** The WebAssembly of a kernel's source, ../assembly/<name>.ts: no runtime, and the same bytes every time. */
export async function compileKernel(name: KernelName): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined
  const source = new URL(`../assembly/${name}.ts`, import.meta.url)
  // Below 2 GiB, addresses are positive numbers on both sides.
  const memory = ['--maximumMemory', '32767']
  const options = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    ...memory,
    '--outFile',
    'kernel.wasm',
  ]
  const { error, stderr } = await asc.main([fileURLToPath(source), '--baseDir', '/', ...options], {
    writeFile: (_, contents) => {
      compiled = contents as Uint8Array
    },
  })
  if (error || !compiled) throw new Error(`${source} does not compile: ${stderr}`, { cause: error })
  return compiled
}
