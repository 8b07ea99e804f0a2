import { readFileSync } from 'node:fs'

/** The parts of WebAssembly that are used: TypeScript's standard library doesn't declare it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: object }
}

/** Inner loops that use the processor's vectors, compiled from ../../assembly to WebAssembly by `npm run kernels`. */
export const kernelNames = ['deflate', 'gif-pixels', 'jpeg', 'rearrange'] as const
export type KernelName = (typeof kernelNames)[number]

/** Every kernel has its own memory. When the memory grows, `buffer` becomes another object. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer }
}

/** A number that the kernel exports. */
export interface KernelGlobal {
  readonly value: number
}

/** Compiled once per thread. */
const modules = new Map<KernelName, object>()

/**
 * An instance of a kernel. Its memory is freed together with the instance. sharp's binaries already require processors
 * with these vectors (x86-64-v2, ARMv8).
 */
export function instantiate<Exports extends Kernel>(name: KernelName): Exports {
  const module = modules.get(name) ?? new WebAssembly.Module(readFileSync(kernelFile(name)))
  modules.set(name, module)
  return new WebAssembly.Instance(module).exports as Exports
}

export function kernelFile(name: KernelName): URL {
  return new URL(`${name}.wasm`, import.meta.url)
}
