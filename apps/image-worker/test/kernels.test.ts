import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileKernel } from '../scripts/compile-kernel.ts'
import { kernelFile, kernelNames } from '../src/kernels/kernel.ts'

for (const name of kernelNames) {
  test(`${name} is what its source compiles to`, async () => {
    const compiled = await compileKernel(name)
    assert.ok(Buffer.from(compiled).equals(readFileSync(kernelFile(name))), 'run `npm run kernels`')
  })
}
