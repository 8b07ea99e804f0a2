import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenRule, valueInWords } from '../src/broken-rule.ts'
import { Owner } from '../src/owner.ts'
import { type TSchema, Type, Value } from '../src/typebox/typebox.js'
import { ResultName } from '../src/variants.ts'

test('the rule that a value breaks is described in words for people', () => {
  const cases: [TSchema, unknown, string][] = [
    [Type.Integer(), 'x', 'must be a whole number'],
    [Type.Number(), 'x', 'must be a number'],
    [Type.Boolean(), 'x', 'must be true or false'],
    [Type.String(), 1, 'must be text'],
    [Type.Array(Type.String()), 1, 'must be a list'],
    [Type.Object({}), 1, 'must be an object'],
    [Type.Integer({ minimum: 1 }), 0, 'must be at least 1'],
    [Type.Integer({ maximum: 9 }), 10, 'must be at most 9'],
    [Type.String({ minLength: 1 }), '', 'must not be empty'],
    [Type.String({ minLength: 16 }), 'x', 'must have at least 16 characters'],
    [Type.String({ maxLength: 2 }), 'xxx', 'must have at most 2 characters'],
    [Type.Array(Type.String(), { maxItems: 1 }), ['x', 'x'], 'must have at most 1 items'],
    [Type.Enum(['keys', 'open']), 'x', 'must be keys or open'],
    [Type.Enum(['jpeg', 'png', 'webp']), 'x', 'must be jpeg, png or webp'],
  ]
  cases.push(
    [Type.Literal('only'), 'x', 'must be only'],
    [ResultName, 'a/b', 'must be at most 64 letters, digits, _ and -, the first a letter or a digit'],
    [Owner, '/', 'must be at most 64 letters, digits and . _ @ + -, the first a letter or a digit'],
  )
  for (const [schema, value, rule] of cases) {
    const [error] = Value.Errors(schema, value)
    assert.equal(error && brokenRule(error), rule)
  }
})

test('a value is named in words for people, but only by its kind if it may be long or a secret', () => {
  const values = [undefined, null, 5, true, 'secret', ['secret'], { secret: 1 }]
  assert.deepEqual(values.map(valueInWords), ['nothing', 'null', '5', 'true', 'text', 'a list', 'an object'])
})
