import asc from 'assemblyscript/asc'
import type { KernelName } from '../src/kernels/kernel.ts'

/** The WebAssembly of a kernel's source, ../assembly/<name>.ts: no runtime, and the same bytes every time. */
export async function compileKernel(name: KernelName): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined
  const source = new URL(`../assembly/${name}.ts`, import.meta.url)
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--outFile', 'kernel.wasm']
  const { error, stderr } = await asc.main([source.pathname, '--baseDir', '/', ...options], {
    writeFile: (_, contents) => {
      compiled = contents as Uint8Array
    },
  })
  if (error || !compiled) throw new Error(`${source} does not compile: ${stderr}`, { cause: error })
  return compiled
}
