import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { httpRequest, temporaryFolder, tiffOf, until } from '@darkroom/testing'
import {
  addTo,
  dropTiff,
  fileOf,
  goOffline,
  type InBrowser,
  rowOf,
  untilDeveloped,
  untilLoaded,
} from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

/** Each message explains what is wrong and what to do. */
export function refusalFlows({ open, local, png, photo, post, pauseWorker, withSetting }: InBrowser): void {
  test('files that are not images, are damaged or have too many pixels are refused with a clear error, and the other uploads continue', async () => {
    await using _limit = await withSetting('maxPixels', 100_000)
    await using opened = await open()
    const { page } = opened
    await addTo(
      page,
      fileOf('notes.txt', Buffer.from('no image')),
      fileOf('nothing.png', Buffer.alloc(0)),
      fileOf('cut.png', png.subarray(0, 200)),
      fileOf('wide.tif', tiffOf(1_000_000)),
      fileOf('photo.png', png),
    )
    await untilDeveloped(page, 'photo.png')
    await rowOf(page, 'notes.txt')
      .getByText(/expected JPEG, PNG.*Choose another file/)
      .waitFor()
    await rowOf(page, 'nothing.png')
      .getByText('The file is empty. Choose another file.', { exact: true })
      .waitFor()
    await rowOf(page, 'wide.tif')
      .getByText(/Make the image smaller/)
      .waitFor()
    // Developing the same bytes again would not help.
    await page
      .locator('.row.is-failed, .row.is-refused', { hasText: 'cut.png' })
      .getByText(/image editor, then add it again\.$/)
      .waitFor()
    await assertAccessible(page)
  })

  test('a file that is too large is refused with what to do, in one request and in pieces', async () => {
    await using _limit = await withSetting('maxUploadBytes', 1000)
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('large.webp', photo))
    await dropTiff(page, 'larger.tif', 7 * 1024 * 1024)
    await dropTiff(page, 'largest.tif', 9 * 1024 * 1024)
    for (const name of ['large.webp', 'larger.tif', 'largest.tif'])
      await rowOf(page, name)
        .getByText(/Make the file smaller/)
        .waitFor()
  })

  test('a full queue is shown with a countdown, and the upload continues when there is room', async () => {
    await using opened = await open()
    const { page } = opened
    {
      using _worker = await pauseWorker()
      await using _limit = await withSetting('maxQueued', 1)
      await until('the queue is full', async () => {
        const { status } = await httpRequest(local, '/images', { method: 'POST', body: png })
        return status === 429
      })
      await addTo(page, fileOf('patient.png', png))
      await page.getByText(/The queue is full/).waitFor()
      await page
        .locator('.countdown')
        .getByText(/^\d+ s$/)
        .waitFor()
      await assertAccessible(page)
    }
    await untilDeveloped(page, 'patient.png')
  })

  test('a message stays while it is tried again, with its button and the focus, and is announced once', async () => {
    await using opened = await open()
    const { page } = opened
    await untilLoaded(page)
    const full = { type: 'urn:darkroom:problem:queue-full', detail: 'the queue is full' }
    await page.route(/\/images\?/, route =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 429, json: full, headers: { 'retry-after': '2' } })
        : route.fallback(),
    )
    await addTo(page, fileOf('urgent.png', png))
    const button = page.getByRole('button', { name: 'Try now' })
    await button.focus()
    const announced = await page.locator('.toast [role=status]').elementHandle()
    // By the button, and at the end of the countdown.
    for (const begin of [() => page.keyboard.press('Enter'), async () => {}]) {
      const isAnswered = page.waitForResponse(response => response.status() === 429)
      await begin()
      await isAnswered
      await page
        .locator('.countdown')
        .getByText(/^[12] s$/)
        .waitFor()
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Try now')
      assert.equal(await announced?.evaluate(element => element.isConnected), true)
    }
    await page.unrouteAll({ behavior: 'wait' })
    await untilDeveloped(page, 'urgent.png')
    await page.locator('.toast').waitFor({ state: 'detached' })
  })

  test('an upload that stalled is sent again, as the page announces', async () => {
    await using opened = await open()
    const { page } = opened
    await untilLoaded(page)
    const stalled = { type: 'urn:darkroom:problem:body-stalled', detail: 'no byte has arrived for 30 s' }
    await page.route(/\/images\?operations/, route => route.fulfill({ status: 408, json: stalled }), {
      times: 1,
    })
    await addTo(page, fileOf('tunnel.png', png))
    await page.getByText('No byte has arrived for 30 s. The page tries again automatically.').waitFor()
    await untilDeveloped(page, 'tunnel.png')
  })

  test('a paused intake is shown with a countdown, and the upload continues when it is tried again', async () => {
    await using opened = await open()
    const { page } = opened
    const set = async (state: string) => {
      const headers = { 'content-type': 'application/json' }
      const body = Buffer.from(JSON.stringify({ state }))
      assert.equal((await httpRequest(local, '/intake', { method: 'PUT', headers, body })).status, 200)
    }
    await set('paused')
    try {
      await addTo(page, fileOf('later.png', png))
      await page.getByText(/^Uploads are paused at the moment\. The page continues automatically/).waitFor()
      await page
        .locator('.countdown')
        .getByText(/^\d+ s$/)
        .waitFor()
      await assertAccessible(page)
    } finally {
      await set('open')
    }
    await page.getByRole('button', { name: 'Try now' }).click()
    await untilDeveloped(page, 'later.png')
  })

  test('an upload without a network waits, and continues when the network is back', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await untilLoaded(page)
    await goOffline(page)
    await addTo(page, fileOf('train.png', png))
    await page.getByText('Darkroom does not answer').waitFor()
    await page.context().setOffline(false)
    await untilDeveloped(page, 'train.png')
  })

  test('a response that is not from Darkroom is explained, and the page continues when Darkroom answers again', async () => {
    const id = await post()
    await using opened = await open('/docs')
    const { page } = opened
    const signIn = { status: 200, contentType: 'text/html', body: '<h1>Welcome to our network</h1>' }
    await page.route(/\/images(\?|$)/, route => route.fulfill(signIn))
    await page.goto(new URL('/', page.url()).href)
    await page.locator('.empty').getByText('Something other than Darkroom answered').waitFor()
    await addTo(page, fileOf('hotel.png', png))
    await page.locator('.toast').getByText('Something other than Darkroom answered').waitFor()
    await assertAccessible(page)
    await page.unroute(/\/images(\?|$)/)
    await untilDeveloped(page, 'hotel.png', `Image ${id.slice(14, 23)}`)
  })

  test('a download that is refused in the details of an image is explained there', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('modal.png', png))
    await untilDeveloped(page, 'modal.png')
    await page.getByRole('button', { name: 'modal.png', exact: true }).click()
    await page.getByRole('slider').waitFor()
    await page.route('**/result', route => route.abort())
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('link', { name: 'Download modal.png' }).click()
    // The page does not repeat it by itself.
    await dialog.getByText('Darkroom does not answer. Check the connection. Try again in a moment.').waitFor()
    await assertAccessible(page)
    await dialog.locator('.toast').getByRole('button', { name: 'Close' }).click()
    await page.getByText('Darkroom does not answer').waitFor({ state: 'detached' })
  })

  test('a file that was changed since it was chosen is refused, and the other uploads continue', async t => {
    const folder = temporaryFolder(t)
    const [changed, other] = ['changed.png', 'other.png'].map(name => join(folder, name))
    assert.ok(changed && other)
    for (const path of [changed, other]) await writeFile(path, png)
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Collect first').check()
    await page.setInputFiles('#pick-files', [changed, other])
    await page.getByText('2 images are collected').waitFor()
    await writeFile(changed, photo)
    await utimes(changed, 1, 1) // browsers compare the times of files in seconds
    await page.getByRole('button', { name: 'Send them' }).click()
    await rowOf(page, 'changed.png')
      .getByText('The file was changed or moved since it was chosen. Choose it again.')
      .waitFor()
    await untilDeveloped(page, 'other.png')
  })

  test('a file that has become shorter or longer is refused, in one request and in pieces, and is not sent', async () => {
    await using opened = await open()
    const { page } = opened
    let sent = 0
    page.on('request', request => {
      if (request.method() === 'POST') sent++
    })
    // Firefox reads the new bytes of a changed file, whose size stays that of the old file.
    await page.evaluate(() => {
      const transfer = new DataTransfer()
      for (const [name, bytes] of [
        ['shorter.png', 900],
        ['longer.png', 1100],
        ['shorter.tif', 9 * 1024 * 1024],
      ] as const)
        transfer.items.add(new File([new Uint8Array(bytes)], name))
      const files = [...transfer.files].map(file => {
        const size = file.name.endsWith('.tif') ? file.size + 1000 : 1000
        const slice = () => Object.defineProperty(new Blob(), 'size', { value: 1 }) // after its end
        return Object.defineProperties(file, { size: { value: size }, slice: { value: slice } })
      })
      const input = document.querySelector<HTMLInputElement>('#pick-files')
      Object.defineProperty(input, 'files', { value: files, configurable: true })
      input?.dispatchEvent(new Event('change', { bubbles: true }))
    })
    for (const name of ['shorter.png', 'longer.png', 'shorter.tif'])
      await rowOf(page, name)
        .getByText('The file was changed or moved since it was chosen. Choose it again.')
        .waitFor()
    assert.equal(sent, 0)
  })

  test('while the API keys cannot be read, the page shows why, and continues by itself', async () => {
    await post()
    await using opened = await open('/docs')
    const { page } = opened
    const problem = { type: 'urn:darkroom:problem:keys-unknown', detail: 'the keys cannot be read' }
    await page.route('**/session', route => route.fulfill({ status: 503, json: problem }))
    await page.goto(new URL('/', page.url()).href)
    await page.getByText('The keys cannot be read').waitFor()
    await assertAccessible(page)
    await page.unroute('**/session')
    await page.locator('.row').first().waitFor()
  })

  test('a refused deletion is shown, and the image stays in the list', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('kept.png', png), fileOf('next.png', png))
    await untilDeveloped(page, 'kept.png', 'next.png')
    await page.route('**/images/*', route =>
      route.request().method() === 'DELETE' ? route.abort() : route.fallback(),
    )
    await page.getByRole('button', { name: 'Delete kept.png' }).click()
    // Another deletion ends the time in which the first can be undone.
    await page.getByRole('button', { name: 'Delete next.png' }).click()
    await page.getByText('Darkroom does not answer').waitFor()
    await rowOf(page, 'kept.png').waitFor()
  })
}
