import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { generateImage } from '@darkroom/testing'
import type { Page } from 'playwright-core'
import { addTo, fileOf, type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'
import { untilSidesAreShown } from './previews.ts'

/** From the file to the download. */
export function imageFlows({ open, png, photo, post }: InBrowser): void {
  test('an image goes from the file to the download by keyboard alone', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('The line is still empty').waitFor()
    await assertAccessible(page)
    // Tab reaches the file picker first after the head of the page; Space opens it.
    const chooser = page.waitForEvent('filechooser')
    await tabTo(page, 'input#pick-files')
    await page.keyboard.press('Space')
    await (await chooser).setFiles([fileOf('harbour.webp', photo)])
    await untilDeveloped(page, 'harbour.webp')

    await tabTo(page, '.row-name')
    await page.keyboard.press('Enter')
    await page.getByRole('slider').waitFor()
    await tabTo(page, '[type=range]')
    await page.keyboard.press('End')
    assert.equal(
      await page.getByRole('slider').getAttribute('aria-valuetext'),
      '100 % original, 0 % developed',
    )
    await untilSidesAreShown(page)
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    // The focus is where it was.
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'row-name')

    const download = page.waitForEvent('download')
    await tabTo(page, '.row a[aria-label="Download harbour.webp"]')
    await page.keyboard.press('Enter')
    assert.equal((await download).suggestedFilename(), 'harbour.webp')
  })

  test('very tall and very wide images have square thumbnails, a tall one is compared at its own width, and a line can be seen', async () => {
    await using opened = await open()
    const { page } = opened
    const sides = { 'tall.png': [60, 1600], 'line.png': [3000, 1], 'dot.png': [1, 1] } as const
    for (const [name, [width, height]] of Object.entries(sides))
      await addTo(
        page,
        fileOf(name, Buffer.from(await generateImage({ kind: 'png', width, height, seed: 2 }))),
      )
    await untilDeveloped(page, ...Object.keys(sides))
    for (const name of Object.keys(sides)) {
      const thumbnail = rowOf(page, name).locator('.thumbnail canvas')
      await thumbnail.waitFor()
      const size = await thumbnail.evaluate(({ width, height }: HTMLCanvasElement) => [width, height])
      assert.deepEqual(size, [112, 112], name)
    }
    await page.getByRole('button', { name: 'tall.png', exact: true }).click()
    await page.getByRole('slider').waitFor()
    await assertAccessible(page)
    const shown = await page
      .locator('.slider-after')
      .evaluate(({ clientWidth, clientHeight }) => Math.min(clientWidth, (clientHeight * 60) / 1600))
    assert.equal(shown, 60)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'line.png', exact: true }).click()
    await untilSidesAreShown(page)
    for (const side of ['.slider-before', '.slider-after']) {
      const { height } = (await page.locator(side).boundingBox()) ?? { height: 0 }
      assert.ok(height >= 48, `${side}: ${height} px`)
    }
  })

  test('by mouse, a thumbnail opens its image, the line follows the pointer, and a click beside the dialog closes it', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('mouse.webp', photo))
    await untilDeveloped(page, 'mouse.webp')
    await page.evaluate(() => scrollTo(0, 0))
    for (const [x, y] of [
      [2, 2],
      [54, 54],
    ] as const) {
      const thumbnail = await rowOf(page, 'mouse.webp').locator('.thumbnail').boundingBox()
      assert.ok(thumbnail)
      await page.mouse.click(thumbnail.x + x, thumbnail.y + y)
      await page.getByRole('slider').waitFor()
      const pictures = await page.locator('.slider-pictures').boundingBox()
      assert.ok(pictures)
      await page.mouse.move(pictures.x + pictures.width / 2, pictures.y + 50)
      await page.mouse.down()
      await page.mouse.move(pictures.x + pictures.width / 4, pictures.y + 60)
      await page.mouse.up()
      await page.mouse.move(pictures.x + 10, pictures.y + 60) // no longer pressed
      assert.equal(await page.getByRole('slider').inputValue(), '25')
      assert.match(String(await page.getByRole('slider').getAttribute('aria-valuetext')), /^25 % original/)
      const name = await page.locator('.details h2').boundingBox()
      assert.ok(name)
      await page.mouse.move(name.x + 20, name.y + name.height / 2)
      await page.mouse.down()
      await page.mouse.move(5, 5) // selects text
      await page.mouse.up()
      assert.equal(await page.locator('dialog[open]').count(), 1)
      await page.mouse.click(5, 5)
      await page.getByRole('slider').waitFor({ state: 'detached' })
    }
  })

  test('an image that is opened in the moment in which its details are closed is shown', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('again.webp', photo))
    await untilDeveloped(page, 'again.webp')
    await page.getByRole('button', { name: 'again.webp', exact: true }).click()
    await page.getByRole('slider').waitFor()
    // The event of the closing comes with the next frame.
    await page.evaluate(async () => {
      const dialog = document.querySelector<HTMLDialogElement>('.details')
      const isClosed = new Promise(resolve => dialog?.addEventListener('close', resolve))
      dialog?.requestClose()
      document.querySelector<HTMLElement>('.row-name')?.click()
      await isClosed
    })
    await page.getByRole('slider').waitFor({ timeout: 10_000 })
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  })

  test('details that are opened before the session is known stay open', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const { promise: isOpened, resolve: answer } = Promise.withResolvers<void>()
    await page.route('**/session', async route => {
      await isOpened
      await route.fallback()
    })
    await page.goto(new URL('/', page.url()).href)
    await addTo(page, fileOf('early.webp', photo))
    await untilDeveloped(page, 'early.webp')
    await page.getByRole('button', { name: 'early.webp', exact: true }).click()
    await page.getByRole('slider').waitFor()
    const isRead = page.waitForResponse(/\/images\?/) // the history is read when the session is known
    answer()
    await isRead
    assert.equal(await page.getByRole('slider').count(), 1)
  })

  test('the pictures of a comparison have their place before they are loaded', async () => {
    const id = await post('?operations=resize:600x')
    await using opened = await open()
    const { page } = opened
    const name = `Image ${id.slice(14, 23)}`
    await untilDeveloped(page, name)
    let isReleased = () => {}
    const released = new Promise<void>(resolve => (isReleased = resolve))
    await page.route(`**/images/${id}/*`, async route => {
      await released
      await route.fallback()
    })
    await page.getByRole('button', { name, exact: true }).click()
    const placeOfSlider = () => page.getByRole('slider').boundingBox()
    const before = await placeOfSlider()
    isReleased()
    await untilSidesAreShown(page)
    assert.deepEqual(await placeOfSlider(), before)
  })

  test('some images are downloaded as a zip', async () => {
    await using opened = await open()
    const { page } = opened
    const names = ['one, two.png', '海 👩‍👩‍👧.webp']
    await addTo(page, fileOf('one, two.png', png), fileOf('海 👩‍👩‍👧.webp', photo))
    await untilDeveloped(page, ...names)
    await page.reload() // the browser remembers the names
    for (const name of names) await page.getByLabel(`Choose ${name}`).check()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download 2 as zip' }).click()
    assert.equal((await download).suggestedFilename(), 'darkroom.zip')
    const zip = await readFile(await (await download).path())
    for (const name of names) assert.ok(zip.includes(name), name)
  })
}

/** Presses Tab until the focus is on what the selector names. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(wanted => document.activeElement?.matches(wanted), selector)) return
  }
  assert.fail(`80 presses of Tab did not reach ${selector}`)
}
