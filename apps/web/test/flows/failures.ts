import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { pauseProcess, until } from '@darkroom/testing'
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

  test('a server that hangs is not live, and the page asks it again when it continues', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await page.clock.install()
    // The clock of a shared worker can't be moved.
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
    await page.goto(new URL('/', page.url()).href)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('.row, .empty-title').first().waitFor() // the history is read
    let polls = 0
    page.on('request', request => {
      if (/\/images\?/.test(request.url())) polls++
    })
    await pauseProcess(darkroom.program.pid)
    try {
      await page.clock.runFor(50_000)
      await page.getByText('Connecting').waitFor()
      await until('it polls', () => polls > 0)
      await page.clock.runFor(20_000)
      assert.equal(polls, 1) // another would only wait, too, until the first is given up after 30 s
    } finally {
      process.kill(darkroom.program.pid, 'SIGCONT')
    }
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

  test('tabs that a browser restores together do not send an upload twice', async () => {
    await using opened = await open()
    const { page } = opened
    const [second, third] = [await page.context().newPage(), await page.context().newPage()]
    await second.goto(page.url())
    for (const [tab, name] of [
      [page, 'one.tif'],
      [second, 'two.tif'],
    ] as const) {
      await collectLarge(tab, name)
      await tab.goto(new URL('/docs', page.url()).href)
    }
    await third.goto(page.url())
    await third.evaluate(() => {
      const asked = new Promise(resolve => (new BroadcastChannel('darkroom-tabs').onmessage = resolve))
      Object.assign(globalThis, { asked })
    })
    // The second tab is loaded after the first has asked for other tabs, and before that sends their uploads.
    await second.route('**/*.js', async route => {
      await third.evaluate(async () => void (await (globalThis as unknown as { asked: Promise<void> }).asked))
      await route.continue()
    })
    let begun = 0
    page.context().on('request', request => {
      if (new URL(request.url()).pathname === '/uploads') begun++
    })
    const tabs = [page, second]
    await Promise.all(tabs.map(tab => tab.goto(new URL('/', tab.url()).href)))
    const developedIn = (tab: Page) => tab.locator('.row.is-finished .row-name').allTextContents()
    await until('both are developed', async () => {
      const developed = (await Promise.all(tabs.map(developedIn))).flat()
      return developed.includes('one.tif') && developed.includes('two.tif')
    })
    assert.equal(begun, 2)
  })

  test('large files keep their order after a reload', async () => {
    await using opened = await open()
    const { page } = opened
    const names = ['c.tif', 'a.tif', 'd.tif', 'b.tif']
    await collectLarge(page, ...names)
    await page.reload()
    const continued = page.locator('.row-name', { hasText: /^[a-d]\.tif$/ })
    await continued.nth(3).waitFor()
    assert.deepEqual(await continued.allTextContents(), names)
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

/** Collects large files, and waits until they are stored: from then on, they survive a reload. */
async function collectLarge(page: Page, ...names: string[]): Promise<void> {
  page.on('dialog', dialog => void dialog.accept())
  await page.getByLabel('Collect first').check()
  for (const name of names) await dropTiff(page, name, 9 * 1024 * 1024)
  const storedNames = () =>
    page.evaluate(async () => {
      const opened = indexedDB.open('darkroom', 1)
      await new Promise(resolve => opened.addEventListener('success', resolve))
      const request = opened.result.transaction('pending').objectStore('pending').getAll()
      await new Promise(resolve => request.addEventListener('success', resolve))
      opened.result.close()
      return request.result.map(({ file }) => file.name)
    })
  await until('the files are stored', async () => {
    const stored = await storedNames()
    return names.every(name => stored.includes(name))
  })
}

/** Collects two large files, deletes one of them, and reloads the page. Then only the other must be uploaded. */
async function reloadWithout(
  page: Page,
  { kept, deleted }: { kept: string; deleted: string },
): Promise<void> {
  await collectLarge(page, kept, deleted)
  await page.getByRole('button', { name: `Delete ${deleted}` }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  await page.reload()
  await untilDeveloped(page, kept)
  assert.equal(await rowOf(page, deleted).count(), 0)
}
