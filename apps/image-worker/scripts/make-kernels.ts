import { writeFile } from 'node:fs/promises'
import { kernelFile, kernelNames } from '../src/kernels/kernel.ts'
import { compileKernel, hasCompiler, installCompiler } from './compile-kernel.ts'

if (!hasCompiler()) installCompiler()
for (const name of kernelNames) await writeFile(kernelFile(name), await compileKernel(name))
