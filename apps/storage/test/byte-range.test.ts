import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { requestedRange } from '../src/byte-range.ts'

const of = (range: string, bytes = 100) => requestedRange(range, bytes)

suite('a requested range', () => {
  test('a requested range is parsed as in RFC 9110', () => {
    assert.deepEqual(of('bytes=0-9'), { start: 0, end: 9 })
    assert.deepEqual(of('bytes=10-10'), { start: 10, end: 10 })
    assert.deepEqual(of('bytes=90-'), { start: 90, end: 99 })
    assert.deepEqual(of('bytes=90-1000'), { start: 90, end: 99 })
    assert.deepEqual(of('bytes=-10'), { start: 90, end: 99 })
    assert.deepEqual(of('Bytes= 0-9 '), { start: 0, end: 9 })
  })

  test('a requested range is the whole blob if the suffix is longer than the blob', () => {
    assert.deepEqual(of('bytes=-1000'), { start: 0, end: 99 })
  })

  test('a requested range is unsatisfiable if it contains no byte', () => {
    for (const range of [
      'bytes=100-',
      'bytes=100-200',
      'bytes=-0',
      'bytes=9-5',
      'bytes=99999999999999999999-',
    ])
      assert.equal(of(range), 'unsatisfiable', range)
    assert.equal(of('bytes=0-', 0), 'unsatisfiable')
  })

  test('a requested range is ignored if it is malformed, has another unit, or is one of several', () => {
    const ranges = [
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'bytes=1',
      'bytes=--1',
      'bytes=1-2-3',
      'bytes=-1.5',
    ]
    for (const range of [...ranges, 'items=0-9', 'items=900-', 'bytes=0-1,5-6', 'bytes=0-0x10'])
      assert.equal(of(range), undefined, range)
  })

  test('a requested range never exceeds the blob', () => {
    const range = fc.oneof(
      fc.string(),
      fc.string().map(text => `bytes=${text}`),
      fc.tuple(fc.nat(), fc.nat()).map(([first, last]) => `bytes=${first}-${last}`),
      fc.nat().map(first => `bytes=${first}-`),
      fc.nat().map(length => `bytes=-${length}`),
    )
    fc.assert(
      fc.property(range, fc.nat(), (range, bytes) => {
        const found = of(range, bytes)
        if (found === undefined || found === 'unsatisfiable') return
        assert.ok(0 <= found.start && found.start <= found.end && found.end < bytes)
      }),
    )
  })
})
