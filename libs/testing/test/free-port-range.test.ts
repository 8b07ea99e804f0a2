import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { freePortRange } from '../src/free-port-range.ts'

test('no port is given twice while its first user has not begun to listen', {
  skip: process.platform !== 'linux' && 'ports are reserved on Linux only',
}, async () => {
  const firsts = await Promise.all(Array.from({ length: 300 }, () => freePortRange(7)))
  const ports = firsts.flatMap(first => Array.from({ length: 7 }, (_, index) => first + index))
  assert.equal(new Set(ports).size, ports.length)
})
