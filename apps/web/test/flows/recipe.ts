import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpRequest } from '@darkroom/testing'
import type { Page } from 'playwright-core'
import { addTo, dropTiff, fileOf, type InBrowser, idOf, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible, assertNotWide } from '../open-page.ts'

/** The request for images: steps, variants, presets, saved recipes, and a trial before all are sent. */
export function recipeFlows({ open, local, png, photo, imageOf }: InBrowser): void {
  test('a recipe is built, reordered, saved, tried, applied, and there again after a reload', async () => {
    await using opened = await open()
    const { page } = opened
    const steps = page.locator('.step-name')
    await page.locator('#add-step-result option', { hasText: 'resize' }).waitFor({ state: 'attached' })
    for (const name of ['resize', 'greyscale']) await page.selectOption('#add-step-result', name)
    await page.getByText('resize', { exact: true }).first().click()
    // Words between backticks are code.
    await page.locator('.hint code', { hasText: 'enlarge' }).waitFor()
    await page.getByLabel('Width').fill('30')
    await page.getByLabel('Width').press('Tab')
    await page.getByRole('button', { name: 'Move greyscale up' }).click()
    await assertAccessible(page)
    assert.deepEqual(await steps.allTextContents(), ['swap-channels', 'greyscale', 'resize'])
    await page.setInputFiles('#try-file', fileOf('try.png', photo))
    await page.getByRole('slider').waitFor()
    await page.getByText('Saved recipes').click()
    await page.getByLabel('Save this recipe as').fill('Small and grey')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await addTo(page, fileOf('small.png', png))
    await untilDeveloped(page, 'small.png')
    const { operations, result } = await imageOf(await idOf(page, 'small.png'))
    assert.deepEqual(
      operations?.map(({ name }) => name),
      ['swap-channels', 'greyscale', 'resize'],
    )
    assert.equal(result?.width, 30)
    await page.getByLabel('Save this recipe as').fill('x'.repeat(100))
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'x'.repeat(100), exact: true }).waitFor()
    const isWide = await page.locator('.recipe').evaluate(panel => panel.scrollWidth > panel.clientWidth)
    assert.equal(isWide, false)
    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByText('No step yet').waitFor()
    await page.reload()
    await page.getByText('No step yet').waitFor()
    await page.getByText('Saved recipes').click()
    await page.getByRole('button', { name: 'Small and grey', exact: true }).click()
    assert.deepEqual(await steps.allTextContents(), ['swap-channels', 'greyscale', 'resize'])
    await assertAccessible(page)
  })

  test('a trial may begin before the session is known; a trial that fails shows its reason, and not the previous trial', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    let isKnown = () => {}
    const known = new Promise<void>(resolve => (isKnown = resolve))
    await page.route('**/session', async route => {
      await known
      await route.fallback()
    })
    const isRequested = page.waitForRequest('**/session')
    await page.goto(new URL('/', page.url()).href)
    await isRequested
    await page.setInputFiles('#try-file', fileOf('try.png', png))
    await page.getByRole('slider').waitFor()
    isKnown()
    await page.locator('.row, .empty-title').first().waitFor() // the history is read when the session is known
    assert.equal(await page.getByRole('slider').count(), 1)
    await page.setInputFiles('#try-file', fileOf('try.txt', Buffer.from('no image')))
    await page.locator('.try .refusal').waitFor()
    assert.equal(await page.getByRole('slider').count(), 0)
  })

  test('tabs keep the saved recipes of each other, and a name that is taken is replaced only when the button names it', async () => {
    await using opened = await open()
    const { page } = opened
    const second = await page.context().newPage()
    await second.goto(page.url())
    const save = async (tab: Page, name: string, button = 'Save') => {
      await tab.getByLabel('Save this recipe as').fill(name)
      await tab.getByRole('button', { name: button, exact: true }).click()
    }
    for (const tab of [page, second]) await tab.getByText('Saved recipes').click()
    await save(page, 'first')
    await save(second, 'second')
    for (const tab of [page, second])
      for (const name of ['first', 'second']) await tab.getByRole('button', { name, exact: true }).waitFor()
    await page.reload()
    await page.getByText('Saved recipes (2)').click()
    await save(page, 'first', 'Replace')
    await page.getByText('Saved recipes (2)').waitFor()
  })

  for (const [words, saved] of Object.entries({
    'a step without arguments': '[{"name":"resize"}]',
    'variants without steps': '{"steps":[],"variants":[{"name":"thumb"}]}',
    'something else': '5',
  }))
    test(`data stored by another version of the page does not break this one: ${words}`, async () => {
      await using opened = await open('/docs')
      const { page } = opened
      await page.evaluate(recipe => {
        localStorage.setItem('darkroom-recipe', recipe)
        localStorage.setItem('darkroom-presets', recipe)
        localStorage.setItem('darkroom-recipes', `{"old": ${recipe}}`)
      }, saved)
      await page.goto(new URL('/', page.url()).href)
      await page.getByText('Saved recipes', { exact: true }).waitFor()
      await page.locator('.step-name').first().waitFor()
      assert.deepEqual(await page.locator('.step-name').allTextContents(), ['swap-channels'])
    })

  test('no two variants have the same name', async () => {
    await using opened = await open()
    const { page } = opened
    const names = page.getByLabel('Variant', { exact: true })
    for (const _ of ['first', 'second']) await page.getByRole('button', { name: 'Add a variant' }).click()
    await names.nth(1).fill('thumb')
    await names.nth(1).press('Tab')
    assert.equal(await names.nth(1).inputValue(), 'thumb-2')
    await addTo(page, fileOf('twins.png', png))
    await untilDeveloped(page, 'twins.png')
    const { variants } = await imageOf(await idOf(page, 'twins.png'))
    assert.deepEqual(Object.keys(variants ?? {}), ['thumb', 'thumb-2'])
  })

  test('variants are requested, compared and downloaded', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByRole('button', { name: 'Add a variant' }).click()
    await page.getByLabel('Variant', { exact: true }).fill('tiny')
    await page.getByLabel('Variant', { exact: true }).press('Tab')
    await page.locator('.variant .step-name').click()
    await page.locator('.variant').getByLabel('Width').fill('12')
    await page.locator('.variant').getByLabel('Width').press('Tab')
    await assertAccessible(page)
    await addTo(page, fileOf('family.png', png))
    await untilDeveloped(page, 'family.png')
    const { variants } = await imageOf(await idOf(page, 'family.png'))
    assert.equal(variants?.tiny?.result?.width, 12)
    await page.getByRole('button', { name: 'family.png', exact: true }).click()
    await page.getByRole('radio', { name: 'Compare with tiny' }).check()
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('.slider-after')?.naturalWidth === 12,
    )
    await assertAccessible(page)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download family_tiny.png' }).click()
    assert.equal((await download).suggestedFilename(), 'family_tiny.png')
  })

  test('a preset of the operators is chosen, and can be copied into own steps', async () => {
    await putPreset('shop', { operations: 'greyscale,resize:20x', variants: 'dot=resize:5x' })
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Preset', { exact: true }).selectOption('shop')
    await assertAccessible(page)
    await addTo(page, fileOf('goods.png', png))
    await untilDeveloped(page, 'goods.png')
    const { preset, result, variants } = await imageOf(await idOf(page, 'goods.png'))
    assert.deepEqual([preset, result?.width, variants?.dot?.result?.width], ['shop', 20, 5])
    await page.getByLabel('Images of a preset').selectOption('shop')
    await page.waitForURL(/preset=shop/)
    await page.locator('.row').nth(1).waitFor({ state: 'detached' })
    assert.equal(await page.locator('.row').count(), 1)
    await page.reload()
    await untilDeveloped(page, 'goods.png')
    assert.equal(await page.locator('.row').count(), 1)
    await page.getByRole('button', { name: 'Copy into my own steps' }).click()
    assert.deepEqual(await page.locator('.step-name').allTextContents(), ['greyscale', 'resize', 'resize'])
    assert.equal(await page.getByLabel('Preset', { exact: true }).inputValue(), '')
  })

  test('presets arrive without moving the recipe, also if their first request fails', async () => {
    await putPreset('late', { operations: 'greyscale' })
    await using opened = await open('/docs')
    const { page } = opened
    let isFirst = true
    await page.route('**/presets', async route => {
      if (isFirst) await route.abort()
      else await route.fallback()
      isFirst = false
    })
    await page.goto(new URL('/', page.url()).href)
    await page.locator('#add-step-result:enabled').waitFor()
    const placeOfSteps = () => page.locator('.steps').evaluate(list => list.getBoundingClientRect().top)
    const before = await placeOfSteps()
    await page.getByLabel('Preset', { exact: true }).waitFor()
    assert.equal(await placeOfSteps(), before)
  })

  test('a chosen preset that an operator has deleted is named, and the refused file is sent with own steps', async () => {
    await putPreset('old', { operations: 'greyscale' })
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Preset', { exact: true }).selectOption('old')
    await httpRequest(local, '/presets/old', { method: 'DELETE' })
    await addTo(page, fileOf('orphan.png', png))
    await rowOf(page, 'orphan.png')
      .getByText(/Choose another preset/)
      .waitFor()
    await page.getByText('An operator has deleted this preset.').waitFor()
    await assertAccessible(page)
    await page.getByLabel('Preset', { exact: true }).selectOption('My own steps')
    await page.getByRole('button', { name: 'Upload orphan.png again' }).click()
    await untilDeveloped(page, 'orphan.png')
  })

  test('a preset and a variant with the longest names fit into a narrow phone', async () => {
    const preset = 'p'.repeat(64)
    await putPreset(preset, { operations: 'greyscale', variants: `${'v'.repeat(64)}=resize:5x` })
    await using opened = await open(`/?preset=${preset}`, { viewport: { width: 320, height: 640 } })
    const { page } = opened
    await page.getByLabel('Preset', { exact: true }).selectOption(preset)
    await addTo(page, fileOf('long.png', png))
    await untilDeveloped(page, 'long.png')
    await page.getByLabel('Images of a preset').selectOption(preset)
    await assertNotWide(page)
    const isCut = await page
      .locator('.recipe, .images')
      .evaluateAll(panels => panels.map(panel => panel.scrollWidth > panel.clientWidth))
    assert.deepEqual(isCut, [false, false])
    await page.goto(new URL('/status', page.url()).href)
    await page.getByText('Services and engines').waitFor()
    await assertNotWide(page)
    await httpRequest(local, `/presets/${preset}`, { method: 'DELETE' })
  })

  test('a file that was refused for its recipe is sent again with the current recipe', async () => {
    await using opened = await open()
    const { page } = opened
    await page.selectOption('#add-step-result', 'resize')
    await page.locator('.step summary').nth(1).click()
    const setWidth = async (width: string) => {
      await page.getByLabel('Width').fill(width)
      await page.getByLabel('Width').press('Tab')
    }
    await setWidth('')
    const exact = { exact: true }
    await dropTiff(page, 'mended.tif', 9 * 1024 * 1024)
    await addTo(page, fileOf('mended.png', photo))
    for (const name of ['mended.png', 'mended.tif'])
      await rowOf(page, name)
        .getByText('Resize: width, height or both are required. Change the steps, then try again.', exact)
        .waitFor()
    // A trial makes the image smaller; it must refuse what an upload refuses.
    for (const [width, reason] of [
      ['', 'width, height or both are required'],
      ['-5', 'width must be at least 1, got -5'],
      ['2.5', 'width must be a whole number, got 2.5'],
      ['99999', 'width must be at most 16383, got 99999'],
    ] as const) {
      await setWidth(width)
      await page.getByRole('button', { name: /^Try it on/ }).click()
      await page
        .locator('.try')
        .getByText(`Resize: ${reason}. Change the steps, then try again.`, exact)
        .waitFor()
    }
    await setWidth('30')
    for (const name of ['mended.png', 'mended.tif'])
      await page.getByRole('button', { name: `Upload ${name} again` }).click()
    await untilDeveloped(page, 'mended.png', 'mended.tif')
  })

  test('collected files are tried, and are sent with the current recipe', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Collect first').check()
    // The recipe is tried on the first file that is an image.
    await addTo(page, fileOf('letter.txt', png), fileOf('first.png', png), fileOf('second.png', photo))
    await page.getByRole('button', { name: 'Delete letter.txt' }).click()
    await page.getByText('2 images are collected').waitFor()
    // The count has not waited for the end of the time in which the deletion can be undone.
    assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 1)
    await page.getByRole('button', { name: /^Try it on first/ }).click()
    await page.getByRole('slider').waitFor()
    assert.equal(await page.locator('.row.is-finished', { hasText: 'first.png' }).count(), 0)
    await page.getByRole('button', { name: 'Remove swap-channels' }).click()
    await page.selectOption('#add-step-result', 'invert')
    await page.getByRole('button', { name: 'Send them' }).click()
    await untilDeveloped(page, 'first.png', 'second.png')
    const { operations } = await imageOf(await idOf(page, 'first.png'))
    assert.deepEqual(
      operations?.map(({ name }) => name),
      ['invert'],
    )
  })

  async function putPreset(name: string, preset: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const body = Buffer.from(JSON.stringify(preset))
    const { status } = await httpRequest(local, `/presets/${name}`, { method: 'PUT', headers, body })
    assert.equal(status, 201)
  }
}
