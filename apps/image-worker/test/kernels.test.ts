// In its own process: it runs a compiler.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileKernel, hasCompiler } from '../scripts/compile-kernel.ts'
import { kernelFile, kernelNames } from '../src/kernels/kernel.ts'

const message = 'skipped: needs the compiler of the kernels (npm run kernels installs it)'
const isLeftOut = !hasCompiler() && process.env.ENGINES !== 'required'

for (const name of kernelNames) {
  test(`${name} is compiled from its current source`, { skip: isLeftOut && message }, async () => {
    assert.ok(hasCompiler(), message)
    const compiled = await compileKernel(name)
    assert.ok(Buffer.from(compiled).equals(readFileSync(kernelFile(name))), 'run `npm run kernels`')
  })
}
