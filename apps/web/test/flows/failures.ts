import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  addTo,
  dropTiff,
  fileOf,
  holdPiece,
  type InBrowser,
  pieceBytes,
  rowOf,
  untilDeveloped,
  untilLoaded,
} from '../in-browser.ts'
import { withoutStorage } from '../open-page.ts'

/** Nothing is lost if the page is reloaded, or a service is killed, during an upload. */
export function failureFlows({ open, openWithSettings, darkroom, png, post }: InBrowser): void {
  test('a kill of Darkroom during uploads and events loses nothing', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await untilLoaded(page) // the last part of the page, which shows messages
    await darkroom.kill()
    await page.getByText('Connecting').waitFor()
    await addTo(page, fileOf('survivor.png', png), fileOf('companion.png', png))
    await page.getByText('Darkroom does not answer').waitFor()
    await darkroom.restart()
    await untilDeveloped(page, 'survivor.png', 'companion.png')
    await page.getByText('Live', { exact: true }).waitFor()
  })

  test('a thumbnail that did not arrive is requested again when Darkroom is back', async () => {
    const id = await post()
    await using opened = await open('/docs')
    const { page } = opened
    await page.route('**/result', route => route.abort())
    const isRefused = page.waitForEvent('requestfailed', request => request.url().includes(id))
    await page.goto(new URL('/', page.url()).href)
    await isRefused
    await page.unroute('**/result')
    await page.getByText('Live', { exact: true }).waitFor()
    await darkroom.kill()
    await page.getByText('Connecting').waitFor()
    await darkroom.restart()
    await rowOf(page, `Image ${id.slice(-6)}`)
      .locator('.thumbnail img')
      .waitFor()
  })

  test('a large upload continues after a reload, and sends no piece twice', async () => {
    await using opened = await open()
    const { page } = opened
    page.on('dialog', dialog => void dialog.accept())
    const offsets: string[] = []
    page.on('request', request => {
      if (request.method() === 'PATCH') offsets.push(request.headers()['upload-offset'] ?? '')
    })
    // A TIFF, which the browser can't show.
    await holdPiece(page, pieceBytes, () => dropTiff(page, 'large.tif', 12 * 1024 * 1024))
    await rowOf(page, 'large.tif')
      .getByText(/^Uploading 6\d %/)
      .waitFor()
    await page.reload()
    await untilDeveloped(page, 'large.tif')
    assert.deepEqual(offsets, [0, pieceBytes, pieceBytes].map(String))
  })

  test('the copy of a tab leaves the uploads of that tab alone', async () => {
    await using opened = await open()
    const { page } = opened
    const offsets: string[] = []
    page.context().on('request', request => {
      if (request.method() === 'PATCH') offsets.push(request.headers()['upload-offset'] ?? '')
    })
    const piece = await holdPiece(page, pieceBytes, () => dropTiff(page, 'original.tif', 20 * 1024 * 1024))
    // Like the browser's "Duplicate", this copies the session storage.
    const copied = page.waitForEvent('popup')
    await page.evaluate(() => void open(location.href))
    const copy = await copied
    await untilLoaded(copy)
    await piece.continue()
    await untilDeveloped(page, 'original.tif')
    await copy.reload()
    await untilDeveloped(copy, 'original.tif')
    assert.equal(await rowOf(copy, 'original.tif').count(), 1)
    assert.deepEqual(offsets, [0, pieceBytes, 2 * pieceBytes].map(String))
  })

  test('tabs that are opened at once, such as by a browser that restores them, each continue their own uploads, in their order', async () => {
    await using opened = await open()
    const { page } = opened
    const second = await page.context().newPage()
    await second.goto(page.url())
    const names = ['c.tif', 'a.tif', 'b.tif']
    for (const [tab, files] of [
      [page, names],
      [second, ['other.tif']],
    ] as const) {
      tab.on('dialog', dialog => void dialog.accept())
      await tab.getByLabel('Collect first').check()
      for (const name of files) await dropTiff(tab, name, 9 * 1024 * 1024)
      await tab.getByText(/collected$/).waitFor()
      await tab.goto(new URL('/docs', page.url()).href)
    }
    let begun = 0
    page.context().on('request', request => {
      if (new URL(request.url()).pathname === '/uploads') begun++
    })
    await Promise.all([page, second].map(tab => tab.goto(new URL('/', tab.url()).href)))
    // One of them may find the uploads of the other before that asks for its own.
    for (const tab of [page, second]) await untilDeveloped(tab, ...names, 'other.tif')
    assert.equal(begun, 4)
    const order = await page.locator('.row-name', { hasText: /^[abc]\.tif$/ }).allTextContents()
    assert.deepEqual(order, names)
  })

  test('the page works, with events, in a browser that stores nothing', async () => {
    await using opened = await openWithSettings(withoutStorage)
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await addTo(page, fileOf('forgotten.png', png))
    await dropTiff(page, 'forgotten.tif', 9 * 1024 * 1024)
    await untilDeveloped(page, 'forgotten.png', 'forgotten.tif')
  })

  test('an interrupted upload shows how much the server has, and continues', async () => {
    await using opened = await open()
    const { page } = opened
    const piece = await holdPiece(page, pieceBytes, () => dropTiff(page, 'train.tif', 12 * 1024 * 1024))
    await darkroom.kill()
    await piece.continue()
    await rowOf(page, 'train.tif')
      .getByText(/^In line, 6\d % is uploaded$/)
      .waitFor()
    await darkroom.restart()
    await untilDeveloped(page, 'train.tif')
  })

  test('a large file that is added without a network is uploaded when it is back', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await untilLoaded(page)
    await page.context().setOffline(true)
    await dropTiff(page, 'cellar.tif', 9 * 1024 * 1024)
    // The script that sends large files is loaded on demand.
    await page.locator('.toast').getByText('A part of this page could not be loaded').waitFor()
    await page.context().setOffline(false)
    await untilDeveloped(page, 'cellar.tif')
  })

  test('a large file that waits in line continues after a reload, but not one that was deleted', async () => {
    await using opened = await open()
    const { page } = opened
    await reloadWithout(page, { kept: 'waiting.tif', deleted: 'dropped.tif' })
  })

  test('a large file that was deleted stays deleted if a reload prevents the browser from forgetting it', async () => {
    await using opened = await open()
    const { page } = opened
    await page.addInitScript(() => {
      IDBObjectStore.prototype.delete = () => {
        throw new DOMException('the page is reloaded', 'AbortError')
      }
    })
    await page.reload()
    await reloadWithout(page, { kept: 'wanted.tif', deleted: 'unwanted.tif' })
  })
}

/** Collects two large files, deletes one of them, and reloads the page. Then only the other must be uploaded. */
async function reloadWithout(
  page: Page,
  { kept, deleted }: { kept: string; deleted: string },
): Promise<void> {
  page.on('dialog', dialog => void dialog.accept())
  await page.getByLabel('Collect first').check()
  for (const name of [kept, deleted]) await dropTiff(page, name, 9 * 1024 * 1024)
  await page.getByText('2 images are collected').waitFor()
  await page.getByRole('button', { name: `Delete ${deleted}` }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  await page.reload()
  await untilDeveloped(page, kept)
  assert.equal(await rowOf(page, deleted).count(), 0)
}
