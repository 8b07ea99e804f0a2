import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { parseEntityTags } from '../../src/conditions/entity-tags.ts'
import { parseHttpDate } from '../../src/conditions/http-date.ts'
import { checkPreconditions, isRangeCurrent, writeCondition } from '../../src/conditions/preconditions.ts'

const modifiedAt = new Date('2026-11-21T04:44:28.750Z')
const current = { etag: '"abc"', modifiedAt }
const [before, same, after] = [-1000, 0, 1000].map(ms => new Date(modifiedAt.getTime() + ms).toUTCString())
const check = (headers: Parameters<typeof checkPreconditions>[0]) => checkPreconditions(headers, current)

suite('preconditions', () => {
  test('If-Match compares strongly, with each tag of a list', () => {
    for (const tags of ['"abc"', '*', ' * ', '"x", "abc"', '"a,b" ,, "abc"'])
      assert.equal(check({ 'if-match': tags }), 'proceed', tags)
    for (const tags of ['W/"abc"', '"x"', 'abc', '', '"ab", "c"', '"ABC"', '"abc" "x"'])
      assert.equal(check({ 'if-match': tags }), 'failed', tags)
  })

  test('If-None-Match compares weakly, with each tag of a list', () => {
    for (const tags of ['"abc"', 'W/"abc"', '*', '"x", "abc"', '"x",W/"abc" , "y"'])
      assert.equal(check({ 'if-none-match': tags }), 'not-modified', tags)
    for (const tags of ['"x"', 'abc', '', '"ab", "c"', '"ABC"', '"x,"abc""'])
      assert.equal(check({ 'if-none-match': tags }), 'proceed', tags)
  })

  test('dates are compared by their second', () => {
    assert.equal(check({ 'if-modified-since': before }), 'proceed')
    for (const date of [same, after]) assert.equal(check({ 'if-modified-since': date }), 'not-modified')
    assert.equal(check({ 'if-unmodified-since': before }), 'failed')
    for (const date of [same, after]) assert.equal(check({ 'if-unmodified-since': date }), 'proceed')
  })

  test('a text that is not an HTTP date is ignored', () => {
    for (const date of ['2026-11-21', 'yesterday', '', '0', modifiedAt.toISOString()]) {
      assert.equal(check({ 'if-modified-since': date }), 'proceed', date)
      assert.equal(check({ 'if-unmodified-since': date }), 'proceed', date)
    }
  })

  test('a tag has priority over a date', () => {
    assert.equal(check({ 'if-match': '"abc"', 'if-unmodified-since': before }), 'proceed')
    assert.equal(check({ 'if-match': '"x"', 'if-unmodified-since': after }), 'failed')
    assert.equal(check({ 'if-none-match': '"x"', 'if-modified-since': after }), 'proceed')
    assert.equal(check({ 'if-none-match': '"abc"', 'if-modified-since': before }), 'not-modified')
  })

  test('If-Match has priority over If-None-Match', () => {
    assert.equal(check({ 'if-match': '"x"', 'if-none-match': '"abc"' }), 'failed')
    assert.equal(check({ 'if-match': '"abc"', 'if-none-match': '"abc"' }), 'not-modified')
    assert.equal(check({ 'if-unmodified-since': before, 'if-modified-since': after }), 'failed')
    assert.equal(check({ 'if-unmodified-since': after, 'if-none-match': '"abc"' }), 'not-modified')
  })

  test('for a resource without a date, conditions by date are ignored', () => {
    for (const name of ['if-modified-since', 'if-unmodified-since'])
      assert.equal(checkPreconditions({ [name]: before }, { etag: '"1"' }), 'proceed')
  })

  test('the conditions of a write hold for a resource that matches, or does not exist', () => {
    for (const [headers, holds, holdsForNew] of [
      [{ 'if-match': '"abc"' }, true, false],
      [{ 'if-match': '*' }, true, false],
      [{ 'if-match': 'W/"abc"' }, false, false],
      [{ 'if-none-match': '*' }, false, true],
      [{ 'if-none-match': 'W/"abc"' }, false, true],
      [{ 'if-none-match': '"x"' }, true, true],
      [{ 'if-unmodified-since': before }, false, true],
      [{ 'if-unmodified-since': same }, true, true],
      [{ 'if-match': '"abc"', 'if-unmodified-since': before }, true, false],
      [{ 'if-match': '"abc"', 'if-none-match': '"abc"' }, false, false],
    ] as const) {
      const condition = writeCondition(headers)
      assert.deepEqual(
        [condition?.(current), condition?.(undefined)],
        [holds, holdsForNew],
        JSON.stringify(headers),
      )
    }
    assert.equal(writeCondition({}), undefined)
  })

  test('a write with tags that are not well-formed is refused with their value', () => {
    for (const name of ['if-match', 'if-none-match'])
      assert.throws(() => writeCondition({ [name]: 'abc' }), { status: 400, message: /"12", got abc$/ })
  })
})

test('If-Range holds for the strong tag, and for the date once its second is over', () => {
  const holds = (ifRange?: string, now = modifiedAt.getTime() + 5000) => isRangeCurrent(ifRange, current, now)
  for (const ifRange of [undefined, '"abc"', same]) assert.ok(holds(ifRange), ifRange)
  for (const ifRange of ['"abd"', 'W/"abc"', 'abc', '', '*', before, after])
    assert.ok(!holds(ifRange), ifRange)
  assert.ok(!holds(same, modifiedAt.getTime() + 100))
})

test('dates in HTTP have three forms', () => {
  const instant = Date.UTC(1994, 10, 6, 8, 49, 37)
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])
    assert.equal(parseHttpDate(text), instant, text)
  assert.equal(parseHttpDate('Wednesday, 06-Nov-30 08:49:37 GMT'), Date.UTC(2030, 10, 6, 8, 49, 37))
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
  ])
    assert.equal(parseHttpDate(text), undefined, text)
})

test('every well-formed list of tags is parsed, and any other text is not a list', () => {
  const opaque = fc.stringMatching(/^"[\x21\x23-\x7e]{0,8}"$/)
  const tags = fc.array(fc.record({ isWeak: fc.boolean(), opaque }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(tags, given => {
      const written = given.map(tag => (tag.isWeak ? 'W/' : '') + tag.opaque).join(' , ')
      assert.deepEqual(
        parseEntityTags(written),
        given.map(tag => ({ ...tag })),
      )
    }),
  )
  fc.assert(
    fc.property(fc.string(), text => {
      if (!text.includes('"') && text.trim() !== '*') assert.equal(parseEntityTags(text), undefined)
    }),
  )
})
