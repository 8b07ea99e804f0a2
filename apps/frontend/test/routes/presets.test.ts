import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { readVariants } from '@darkroom/contracts'
import { assertProblem, until } from '@darkroom/testing'
import { filePart, formData, formHeaders } from '../form-data.ts'
import { flip, flop, outputsIn, png, startWithOwners } from './start-with-owners.ts'

const { frontend, clients, operator, ask, upload, deleteAll } = await startWithOwners({ after })

suite('presets', () => {
  test('presets are written by operators, read by all, expanded at intake, and deleted', async t => {
    t.after(deleteAll)
    const given = { operations: 'flip', variants: { thumb: 'flop' } }
    assert.equal((await ask('/presets/shop', 'PUT', given)).status, 403)
    const preset = { operations: flip, variants: { thumb: { operations: flop } } }
    const made = await ask('/presets/shop', 'PUT', given, operator.key)
    assert.deepEqual([made.status, made.json()], [201, { name: 'shop', ...preset }])
    assert.deepEqual((await ask('/presets')).json(), { presets: [{ name: 'shop', ...preset }] })
    const before = await upload('?preset=shop')
    assert.deepEqual(outputsIn(before), { ...preset, preset: 'shop' })
    assert.equal((await ask('/presets/shop', 'PUT', { variants: { t: 'flip' } }, operator.key)).status, 200)
    const variants = { t: { operations: flip } }
    assert.deepEqual(outputsIn(await upload('?preset=shop')), { variants, preset: 'shop' })
    const { operations, variants: accepted } = (await ask(`/images/${before.json().id}`)).json()
    assert.deepEqual({ operations, variants: accepted }, preset)
    const listed = await ask('/images?preset=shop&limit=1')
    const rest = await ask(`/images?preset=shop&cursor=${listed.json().next}`)
    const ids = [listed, rest].flatMap(page => (page.json().images as { id: string }[]).map(({ id }) => id))
    assert.deepEqual([ids.length, ids[1]], [2, before.json().id])
    assert.deepEqual((await ask('/images?preset=none')).json(), { images: [] })
    assert.equal((await ask('/images?preset=a.b')).status, 400)
    assert.equal((await ask('/presets/shop', 'DELETE')).status, 403)
    assert.equal((await ask('/presets/shop', 'DELETE', undefined, operator.key)).status, 204)
    assert.equal((await ask('/presets/shop', 'DELETE', undefined, operator.key)).status, 404)
  })

  test('presets do not override the options of the upload', async t => {
    t.after(deleteAll)
    await ask('/presets/shop', 'PUT', { operations: 'flip', variants: { thumb: 'flop' } }, operator.key)
    await ask('/presets/both', 'PUT', { operations: 'flop' }, operator.key)
    const variants = readVariants('own=flip')
    assert.deepEqual(outputsIn(await upload('?preset=shop&operations=flop')), {
      ...{ operations: flop, variants: { thumb: { operations: flop } }, preset: 'shop' },
    })
    const form = formData(
      { name: 'preset', content: 'shop' },
      { name: 'variants', content: 'own=flip' },
      filePart(png),
    )
    assert.deepEqual(outputsIn(await upload('', form, formHeaders)), {
      operations: flip,
      variants,
      preset: 'shop',
    })
    const { id: from } = (await upload('')).json()
    assert.deepEqual(
      outputsIn(await ask('/images', 'POST', { from, preset: 'shop', variants: { own: 'flip' } })),
      {
        ...{ operations: flip, variants, preset: 'shop', from },
      },
    )
    assertProblem(
      await upload('?preset=none'),
      400,
      'invalid-preset',
      /no preset "none"; existing presets: both, shop/,
    )
    assertProblem(await upload('?preset=..%2Fshop'), 400, 'invalid-preset', /existing presets: both, shop/)
  })

  for (const [name, body, message] of [
    ['shop', {}, /needs operations, variants, or both/],
    ['shop', { operations: 'solarise' }, /unknown operation "solarise"/],
    ['shop', { variants: { thumb: [] } }, /variant "thumb": the list of operations is empty/],
    ['shop', { size: 1 }, /unknown size/],
    ['a.b', { operations: 'flip' }, /"a.b" cannot be the name of a preset/],
  ] as const) {
    test(`the preset ${name} ${JSON.stringify(body)} is refused`, async () => {
      const response = await ask(`/presets/${name}`, 'PUT', body, operator.key)
      assert.equal(response.status, 400)
      assert.match(String(response.json().detail), message)
    })
  }

  test('presets that are not valid in kv-config are refused with a clear error', async () => {
    await clients.kv.setKey({
      ...{ params: { '*': 'config/presets/odd' }, querystring: {}, headers: {} },
      body: Buffer.from('{"operations":"flip"}'),
    })
    assertProblem(await upload('?preset=odd'), 400, 'invalid-preset', /"odd" in kv-config is not valid/)
    await until(
      'it is logged',
      () => JSON.stringify(frontend.log).includes('not a preset') || ask('/presets').then(() => false),
    )
  })
})
