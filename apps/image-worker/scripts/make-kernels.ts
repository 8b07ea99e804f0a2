import { writeFile } from 'node:fs/promises'
import { kernelFile, kernelNames } from '../src/kernels/kernel.ts'
import { compileKernel } from './compile-kernel.ts'

for (const name of kernelNames) await writeFile(kernelFile(name), await compileKernel(name))
