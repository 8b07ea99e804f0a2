import { readFileSync } from 'node:fs'

/** What is used of it: the language's own types know no WebAssembly. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: object }
}

/** Inner loops compiled from ../../assembly to WebAssembly, for the processor's vectors: `npm run kernels`. */
export const kernelNames = ['deflate', 'gif-pixels', 'jpeg', 'rearrange'] as const
export type KernelName = (typeof kernelNames)[number]

/** What every kernel has: its memory, which may grow, and is then another buffer. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer }
}

/** A number that the kernel tells. */
export interface KernelGlobal {
  readonly value: number
}

/** Compiled once a thread. */
const modules = new Map<KernelName, object>()

/**
 * An instance of a kernel, with memory of its own, which is given back with the instance. sharp's binaries want
 * processors that know these vectors (x86-64-v2, ARMv8), so they are there.
 */
export function instantiate<Exports extends Kernel>(name: KernelName): Exports {
  const module = modules.get(name) ?? new WebAssembly.Module(readFileSync(kernelFile(name)))
  modules.set(name, module)
  return new WebAssembly.Instance(module).exports as Exports
}

export function kernelFile(name: KernelName): URL {
  return new URL(`${name}.wasm`, import.meta.url)
}
