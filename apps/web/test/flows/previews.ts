import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder, tiffOf } from '@darkroom/testing'
import type { Page } from 'playwright-core'
import { addTo, dropTiff, fileOf, type InBrowser, idOf, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

const heic = new URL('../../../image-worker/test/develop/heic/samples/camera.heic', import.meta.url)

/** Images that the browser can't show have previews, which the server makes for the page alone. */
export function previewFlows({ open, png, photo, post, imageOf }: InBrowser): void {
  test('a TIFF of 16 bits shows both sides, made with the upload', async () => {
    await using opened = await open()
    const { page } = opened
    const { result, variants } = await imageOf(await compare(page, 'scan.tif', tiffOf(600_000)))
    assert.equal(result?.contentType, 'image/tiff')
    assert.deepEqual(Object.keys(variants ?? {}), ['page-before', 'page-after'])
    await assertAccessible(page)
  })

  test('a HEIC, which becomes a JPEG, shows its original as the server has converted it', async () => {
    await using opened = await open()
    const { page } = opened
    const { result, variants } = await imageOf(await compare(page, 'holiday.heic', await readFile(heic)))
    assert.equal(result?.contentType, 'image/jpeg')
    assert.deepEqual(Object.keys(variants ?? {}), ['page-before', 'page-after'])
    await untilSidesAreShown(page)
  })

  test('an image that came without previews gets them on demand, and nothing is left of it in the list', async () => {
    const id = await post('?operations=format:tiff')
    await using opened = await open()
    const { page } = opened
    const name = `Image ${id.slice(14, 23)}`
    await untilDeveloped(page, name)
    const count = await page.locator('.row').count()
    await page.getByRole('button', { name, exact: true }).click()
    await page.getByText(/can't show TIFF/).waitFor()
    await page.getByRole('button', { name: 'Make a preview' }).click()
    await page.getByRole('slider').waitFor()
    assert.equal(await page.locator('.row').count(), count)
  })

  test('an original is downloaded under the name of its file, without its folder', async t => {
    const id = await post()
    await using opened = await open()
    const { page } = opened
    const folder = temporaryFolder(t)
    await writeFile(join(folder, 'pier.png'), png)
    await page.setInputFiles('#pick-folder', folder)
    await untilDeveloped(page, 'pier.png')
    for (const [name, file] of [
      [`${basename(folder)}/pier.png`, 'pier.png'],
      [`Image ${id.slice(14, 23)}`, `Image ${id.slice(14, 23)}.png`],
    ] as const) {
      await page.getByRole('button', { name, exact: true }).click()
      const download = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download the original' }).click()
      assert.equal((await download).suggestedFilename(), file)
      await page.keyboard.press('Escape')
    }
  })

  test('the zip of a TIFF has its result and its variants, but not the previews of the page', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByRole('button', { name: 'Add a variant' }).click()
    await addTo(page, fileOf('plate.tif', tiffOf(600_000)))
    await untilDeveloped(page, 'plate.tif')
    await page.getByLabel('Choose plate.tif').check()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download 1 as zip' }).click()
    const zip = await readFile(await (await download).path())
    assert.deepEqual(
      ['plate.tif', 'plate_thumb.tif', 'page-before', 'page-after'].map(name => zip.includes(name)),
      [true, true, false, false],
    )
  })
  test('in a browser that hides what a canvas contains, a trial and the thumbnails show the image', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await page.addInitScript(() => {
      CanvasRenderingContext2D.prototype.getImageData = () =>
        new ImageData(new Uint8ClampedArray(256).fill(200), 8)
      HTMLCanvasElement.prototype.toBlob = take => take(new Blob(['noise']))
    })
    await page.goto(new URL('/', page.url()).href)
    await addTo(page, fileOf('hidden.webp', photo))
    await rowOf(page, 'hidden.webp').locator('.thumbnail canvas').waitFor()
    await page.getByRole('button', { name: 'Try it on hidden.webp' }).click()
    await page.getByRole('slider').waitFor()
    await untilSidesAreShown(page)
  })

  test('variants that are named like the previews of the page are those of their user', async () => {
    const id = await post('?variants=page-after=resize:12x')
    await using opened = await open()
    const { page } = opened
    await untilDeveloped(page, `Image ${id.slice(14, 23)}`)
    await page.getByRole('button', { name: 'Add a variant' }).click()
    await page.getByLabel('Variant', { exact: true }).fill('page-after')
    await page.getByLabel('Variant', { exact: true }).press('Tab')
    await addTo(page, fileOf('one.png', png))
    await dropTiff(page, 'two.tif', 600_000)
    await untilDeveloped(page, 'one.png', 'two.tif')
    const { variants } = await imageOf(await idOf(page, 'two.tif'))
    assert.deepEqual(
      variants?.['page-after']?.operations?.map(({ name }) => name),
      ['resize'],
    )
    for (const name of ['one.png', 'two.tif']) await page.getByLabel(`Choose ${name}`).check()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download 2 as zip' }).click()
    const zip = await readFile(await (await download).path())
    for (const name of ['one_page-after.png', 'two_page-after.tif']) assert.ok(zip.includes(name), name)
    await page.getByRole('button', { name: 'one.png', exact: true }).click()
    await page.getByRole('radio', { name: 'Compare with page-after' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'two.tif', exact: true }).click()
    await page.getByRole('button', { name: 'Make a preview' }).click()
    await page.getByRole('slider').waitFor()
  })
}

/** Adds a file that the browser can't show, and opens the comparison of its image. Returns the id of the image. */
async function compare(page: Page, name: string, bytes: Buffer): Promise<string> {
  await page.locator('#add-step-result option', { hasText: 'resize' }).waitFor({ state: 'attached' })
  await addTo(page, fileOf(name, bytes))
  await untilDeveloped(page, name)
  await rowOf(page, name).locator('.thumbnail canvas').waitFor()
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('slider').waitFor()
  return String(await page.locator('.facts .id').textContent())
}

/** Waits until both pictures of a comparison are loaded. */
export async function untilSidesAreShown(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLImageElement>('.slider img')].every(image => image.naturalWidth > 0),
  )
}
