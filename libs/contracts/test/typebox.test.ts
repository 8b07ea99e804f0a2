import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bundleFile, bundleTypebox } from '../scripts/bundle-typebox.ts'

test('the bundle of TypeBox is made of the version that is installed', async () => {
  const bundled = await bundleTypebox()
  assert.ok(bundled === readFileSync(bundleFile, 'utf8'), 'run `npm run typebox`')
})
