import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  formatVariants,
  InvalidOperations,
  imageIdOf,
  outputKey,
  outputsOf,
  readVariants,
} from '../src/index.ts'

const flip = { operations: [{ name: 'flip' }] }
const flop = { operations: [{ name: 'flop' }] }

suite('variants', () => {
  for (const [form, given] of [
    ['short text', 'thumb=flip;card=flop'],
    ['short text with spaces', ' thumb = flip ; card = flop '],
    ['JSON text', '{"thumb":"flip","card":[{"name":"flop"}]}'],
    ['values', { thumb: [{ name: 'flip' }], card: 'flop' }],
    ['values of a status document', { thumb: flip, card: { ...flop, result: {} } }],
  ] as const) {
    test(`variants are read as ${form}`, () => {
      assert.deepEqual(readVariants(given), { thumb: flip, card: flop })
    })
  }

  test('variants are read again from the form in which they are written', () => {
    const variants = readVariants('a=resize:200x100:cover,format:webp;b=crop:10x10')
    assert.deepEqual(readVariants(formatVariants(variants)), variants)
  })

  test('variants may be eight', () => {
    const names = [...'12345678']
    assert.deepEqual(Object.keys(readVariants(names.map(name => `${name}=flip`).join(';'))), names)
  })

  for (const [given, words] of [
    ['', /"" is not a variant; write thumb=/],
    ['thumb', /"thumb" is not a variant/],
    ['{}', /the list of variants is empty/],
    ['{"a":', /not valid JSON/],
    ['[1]', /must be an object/],
    [42, /must be an object/],
    ['a=flip;A=flop', /"A" is given twice/],
    ['a=flip;a=flop', /"a" is given twice/],
    ['../a=flip', /"..\/a" cannot be the name of a variant/],
    ['{"__proto__":"flip"}', /"__proto__" cannot be the name/],
    ['a=nonsense', /variant "a": unknown operation "nonsense"/],
    ['a=', /variant "a": the list of operations is empty/],
    [{ a: { operations: 'flip', bytes: 1 } }, /a variant has only operations; remove bytes/],
    [{ a: 1 }, /variant "a": operations must be text/],
    [Array.from('123456789', name => `${name}=flip`).join(';'), /got 9 variants; at most 8/],
  ] as const) {
    test(`variants are refused as ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => readVariants(given),
        (error: Error) => error instanceof InvalidOperations && words.test(error.message),
      )
    })
  }
})

test('the outputs of a task are its result, if it has one, and its variants', () => {
  const variants = readVariants('thumb=flip')
  const result = readVariants('x=flop').x?.operations ?? []
  assert.deepEqual(outputsOf({ variants }), [{ name: 'thumb', ...flip }])
  assert.deepEqual(outputsOf({ operations: result, variants }), [flop, { name: 'thumb', ...flip }])
})

test('the key of an output names its image', () => {
  const id = '01990000-0000-7000-8000-000000000001'
  assert.deepEqual([outputKey(id, undefined), outputKey(id, 'thumb')], [id, `${id}_thumb`])
  for (const name of [undefined, 'thumb', 'a_b']) assert.equal(imageIdOf(outputKey(id, name)), id)
})
