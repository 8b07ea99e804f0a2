import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBaseUrl } from '../../src/clients/base-url.ts'

test('a base URL has an origin, a path without a slash at its end, and credentials', () => {
  assert.deepEqual(readBaseUrl('http://storage.example:8083'), {
    origin: 'http://storage.example:8083',
    path: '',
  })
  assert.deepEqual(readBaseUrl('https://example.org/'), { origin: 'https://example.org', path: '' })
  assert.deepEqual(readBaseUrl('https://me:p%40ss%zz@example.org/a/b//'), {
    origin: 'https://example.org',
    path: '/a/b',
    authorization: `Basic ${Buffer.from('me:p@ss%zz').toString('base64')}`,
  })
})
