import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { archiveNames } from '../../src/images/archive-names.ts'

function namesOf(...names: string[]): string[] {
  return archiveNames(names.map((name, at) => ({ id: `id-${at}`, name, outputs: [undefined] })))
}

test('names of files are kept, in any script', () => {
  const names = ['holiday in Rome', 'grüße', '写真', 'صورة', '👩‍👩‍👧 at sea', 'v1.2']
  assert.deepEqual(namesOf(...names), names)
})

test('names that are unsafe on some system are made safe, and empty names become the id', () => {
  assert.deepEqual(namesOf('..', '', ' . '), ['id-0', 'id-1', 'id-2'])
  assert.deepEqual(namesOf('../../etc/passwd', 'C:\\a', 'a\0b\nc', 'gpj\u202egnp'), [
    '_.._etc_passwd',
    'C__a',
    'a_b_c',
    'gpj_gnp',
  ])
  assert.deepEqual(namesOf('.hidden', 'end. ', 'CON', 'nul.tar', 'console'), [
    'hidden',
    'end',
    '_CON',
    '_nul.tar',
    'console',
  ])
  assert.deepEqual(namesOf('a'.repeat(300), '👩‍👩‍👧'.repeat(30)), ['a'.repeat(150), '👩‍👩‍👧'.repeat(8)])
})

test('equal names are numbered, together with the variants', () => {
  assert.deepEqual(namesOf('a', 'A', 'a-2', 'a'), ['a', 'A-2', 'a-2-2', 'a-3'])
  const [thumb, other] = archiveNames([
    { id: '1', name: 'a_thumb', outputs: [undefined] },
    { id: '2', name: 'a', outputs: [undefined, 'thumb'] },
  ])
  assert.deepEqual([thumb, other], ['a_thumb', 'a-2'])
})

test('with any names, files are distinct, not too long, and stay in their folder', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('a', 'A', 'a_b', 'a-2'),
  )
  const outputs = fc.constantFrom([undefined], ['b'], [undefined, 'b'])
  fc.assert(
    fc.property(fc.array(fc.record({ name, outputs }), { maxLength: 20 }), images => {
      const named = archiveNames(images.map((image, at) => ({ id: `id-${at}`, ...image })))
      const files = named.flatMap((each, at) =>
        (images[at]?.outputs ?? []).map(output => (output === undefined ? each : `${each}_${output}`)),
      )
      assert.equal(new Set(files.map(file => file.toLowerCase())).size, files.length)
      for (const each of named) {
        assert.ok(each !== '' && !/[\\/\0]|^\.|[. ]$/.test(each), each)
        assert.ok(Buffer.byteLength(each) <= 160)
      }
    }),
  )
})
