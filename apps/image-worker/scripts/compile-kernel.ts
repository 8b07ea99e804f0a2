import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { KernelName } from '../src/kernels/kernel.ts'

const assembly = new URL('../assembly/', import.meta.url)
const compiler = new URL('node_modules/assemblyscript/dist/asc.js', assembly)

/** The part of AssemblyScript's compiler API that is used here. */
interface Compiler {
  main(
    args: readonly string[],
    files: { writeFile(name: string, contents: string | Uint8Array): void },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>
}

/** Whether the compiler is installed. It takes 100 MB, and only a change of a kernel needs it. */
export function hasCompiler(): boolean {
  return existsSync(compiler)
}

/** Installs the version of the compiler in its lock file, into a separate folder. */
export function installCompiler(): void {
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: assembly,
    stdio: 'inherit',
  })
  if (status !== 0)
    throw new Error(`the AssemblyScript compiler could not be installed in ${fileURLToPath(assembly)}`, {
      cause: error,
    })
}

/**
 * Compiles a kernel's source, ../assembly/<name>.ts, to WebAssembly: without a runtime, and with the same bytes every
 * time.
 */
export async function compileKernel(name: KernelName): Promise<Uint8Array> {
  const { default: asc } = (await import(compiler.href)) as { default: Compiler }
  let compiled: Uint8Array | undefined
  const source = new URL(`${name}.ts`, assembly)
  // With less than 2 GiB, addresses are positive numbers on both sides.
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
