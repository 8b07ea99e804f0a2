import assert from 'node:assert/strict'
import { test } from 'node:test'
import { characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import { PageCursors } from '../../src/http/page-cursors.ts'

const cursors = new PageCursors('keys')

test('a cursor contains the last item of its page', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(lastCharacter).map(characterOf), maxLength: 100 }), item => {
      const { next, ...page } = cursors.write({ items: 1, next: item })
      assert.deepEqual(page, { items: 1 })
      assert.match(String(next), /^[\w-]+$/)
      assert.equal(cursors.read(next), item)
    }),
  )
})

test('the last page has no cursor, and the first page needs none', () => {
  const last: { items: number; next?: string } = { items: 1 }
  assert.deepEqual(cursors.write(last), { items: 1 })
  for (const none of [undefined, '']) assert.equal(cursors.read(none), undefined)
})

test('an invalid cursor, or a cursor of another listing, is refused with its value', () => {
  const { next = '' } = new PageCursors('tasks').write({ next: 'a' })
  for (const cursor of ['x', 'a', '\0', `${cursors.write({ next: 'a' }).next}=`, next])
    assert.throws(() => cursors.read(cursor), {
      status: 400,
      code: 'invalid-cursor',
      message: `the cursor "${cursor}" is not from this listing; use the \`next\` of the previous page, or no cursor for the first page`,
    })
  fc.assert(fc.property(fc.string({ minLength: 1 }), text => void assert.throws(() => cursors.read(text))))
})
