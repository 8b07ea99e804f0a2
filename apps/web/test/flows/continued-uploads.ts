import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpRequest, until } from '@darkroom/testing'
import type { Page } from 'playwright-core'
import {
  dropTiff,
  holdPiece,
  type InBrowser,
  pieceBytes,
  rowOf,
  untilDeveloped,
  untilLoaded,
} from '../in-browser.ts'

/** Large uploads continue after a reload, each once, whatever tabs are opened, copied and closed. */
export function continuedUploadFlows({ open, local }: InBrowser): void {
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

  test('an upload that has expired is begun again, and the page explains it', async () => {
    await using opened = await open()
    const { page } = opened
    await untilLoaded(page)
    const piece = await holdPiece(page, pieceBytes, () => dropTiff(page, 'slow.tif', 12 * 1024 * 1024))
    const { pathname } = new URL(piece.request().url())
    await httpRequest(local, pathname, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } })
    await piece.continue()
    await page
      .getByText('The part that was uploaded has expired. The page tries again automatically.')
      .waitFor()
    await untilDeveloped(page, 'slow.tif')
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

  test('two tabs that are opened at the same moment continue the upload of a closed tab once', async () => {
    await using opened = await open()
    const { page } = opened
    const tabs = [await page.context().newPage(), await page.context().newPage()]
    await collectLarge(page, 'left.tif')
    const url = page.url()
    await page.close()
    let begun = 0
    for (const tab of tabs) {
      // Both wait for the responses of other tabs until the same instant.
      await tab.addInitScript(() => {
        const { setTimeout } = globalThis
        const together = () => [1500, 3500].map(ms => ms - (Date.now() % 2000)).find(ms => ms >= 500)
        globalThis.setTimeout = ((run: () => void, ms?: number) =>
          setTimeout(run, ms === 500 ? together() : ms)) as typeof setTimeout
      })
      tab.on('request', request => {
        if (new URL(request.url()).pathname === '/uploads') begun++
      })
    }
    await Promise.all(tabs.map(tab => tab.goto(url)))
    await Promise.any(tabs.map(tab => untilDeveloped(tab, 'left.tif')))
    assert.equal(begun, 1)
  })

  test('a tab that takes over an upload sends it, although the tab of the upload is opened again at that moment', async () => {
    await using opened = await open()
    const { page } = opened
    const next = await page.context().newPage()
    await collectLarge(page, 'taken.tif')
    const name = await page.evaluate(() => sessionStorage.getItem('darkroom-tab'))
    const url = page.url()
    await page.close()
    // The other tab asks before the transaction ends in which its upload is taken over.
    await next.addInitScript(tab => {
      Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {
        set(end: () => void) {
          this.addEventListener('complete', () => {
            const heard = new BroadcastChannel('darkroom-tabs')
            heard.addEventListener('message', end, { once: true })
            new BroadcastChannel('darkroom-tabs').postMessage({ here: tab })
          })
        },
      })
    }, name)
    await next.goto(url)
    await rowOf(next, 'taken.tif').waitFor({ timeout: 20_000 })
    await untilDeveloped(next, 'taken.tif')
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

  test('a large file that waits in line continues after a reload, but a deleted file does not', async () => {
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
