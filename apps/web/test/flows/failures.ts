import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { pauseProcess, until } from '@darkroom/testing'
import {
  addTo,
  dropTiff,
  fileOf,
  goOffline,
  holdPiece,
  type InBrowser,
  pieceBytes,
  rowOf,
  untilDeveloped,
  untilLoaded,
} from '../in-browser.ts'
import { withoutStorage } from '../open-page.ts'

/** Nothing is lost if Darkroom is killed or hangs, or if the network is down. */
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
      assert.equal(polls, 1) // a second poll would only wait as well, until the first is given up after 30 s
    } finally {
      process.kill(darkroom.program.pid, 'SIGCONT')
    }
    await page.getByText('Live', { exact: true }).waitFor()
  })

  test('without a network, the page is not live, and shows afterwards what has changed', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    // The network of a shared worker can't be switched off.
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
    await page.goto(new URL('/', page.url()).href)
    await page.getByText('Live', { exact: true }).waitFor()
    await goOffline(page)
    await page.getByText('Connecting').waitFor({ timeout: 10_000 })
    const id = await post()
    await page.context().setOffline(false)
    await page.getByText('Live', { exact: true }).waitFor()
    await untilDeveloped(page, `Image ${id.slice(14, 23)}`)
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
    await rowOf(page, `Image ${id.slice(14, 23)}`)
      .locator('.thumbnail canvas')
      .waitFor()
  })

  test('the page works, with events, in a browser that stores nothing', async () => {
    await using opened = await openWithSettings(withoutStorage)
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await addTo(page, fileOf('forgotten.png', png))
    await dropTiff(page, 'forgotten.tif', 9 * 1024 * 1024)
    await untilDeveloped(page, 'forgotten.png', 'forgotten.tif')
    await page.getByText('Saved recipes').click()
    await page.getByLabel('Save this recipe as').fill('plain')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('alert').getByText('The recipe “plain” is lost when this page is closed.').waitFor()
  })

  test('the page works in a browser that refuses channels between tabs', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    // Like Firefox with blocked cookies.
    await page.addInitScript(() => {
      globalThis.BroadcastChannel = class {
        constructor() {
          throw new DOMException('The operation is insecure.', 'SecurityError')
        }
      } as unknown as typeof BroadcastChannel
    })
    await page.goto(new URL('/', page.url()).href)
    await addTo(page, fileOf('alone.png', png))
    await untilDeveloped(page, 'alone.png')
    await page.getByRole('button', { name: 'Delete alone.png' }).click()
    await page.getByText('alone.png deleted').waitFor()
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
    await goOffline(page)
    const imported: string[] = []
    page.on('request', request => {
      if (request.resourceType() === 'script') imported.push(request.url())
    })
    await dropTiff(page, 'cellar.tif', 9 * 1024 * 1024)
    // The script that sends large files is loaded on demand.
    await page.locator('.toast').getByText('A part of this page could not be loaded').waitFor()
    assert.deepEqual(imported, []) // Firefox never repeats an import that has failed
    await page.context().setOffline(false)
    await untilDeveloped(page, 'cellar.tif')
  })
}
