import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stats } from '@darkroom/contracts'
import { httpRequest, until } from '@darkroom/testing'
import { goOffline, type InBrowser } from '../in-browser.ts'
import { assertAccessible, assertNotWide } from '../open-page.ts'

/** The dashboard, as operators use it. */
export function dashboardFlows({ open, local, png, post, statusOf }: InBrowser): void {
  test('the intake is paused and opened from the dashboard', async () => {
    await using opened = await open('/status')
    const { page } = opened
    // The second click of a double click hits the button that confirms.
    await page.getByRole('button', { name: 'Pause uploads' }).dblclick({ delay: 50 })
    await page.getByRole('button', { name: 'Yes, refuse uploads' }).click()
    try {
      await page.getByText('Uploads are paused.').waitFor()
      await assertAccessible(page)
      const { status } = await httpRequest(local, '/images', { method: 'POST', body: png })
      assert.equal(status, 503)
    } finally {
      await page.getByRole('button', { name: 'Open uploads' }).click()
      await page.getByText('Uploads are open.').waitFor()
    }
    await post()
  })

  test('failures are grouped by reason, and retried after the count was confirmed', async () => {
    // Too large to be put around the image: it fails when it is developed.
    const failing = '?operations=resize:9000x9000:fill:enlarge,pad:9000x9000,resize:16000x16000:fill:enlarge'
    const ids = [await post(failing), await post(failing)]
    await until('both have failed', async () => {
      const states = ids.map(
        async id => (await httpRequest(local, `/images/${id}`)).json().state === 'failed',
      )
      return (await Promise.all(states)).every(Boolean)
    })
    await using opened = await open('/status')
    const { page } = opened
    const group = page.locator('.failures li').first()
    await group.waitFor()
    await group.getByRole('button', { name: /^Retry these/ }).click()
    const [, count = ''] =
      /([\d,]+) images?/.exec(
        String(await group.getByRole('button', { name: /^Yes, retry/ }).textContent()),
      ) ?? []
    assert.ok(Number(count.replaceAll(',', '')) >= 1)
    await assertAccessible(page)
    await group.getByRole('button', { name: 'No' }).click()
    await page.getByRole('button', { name: 'Retry all failed images' }).click()
    await page.getByRole('button', { name: /^Yes, retry \d+ image/ }).click()
    await page.getByText(/\d+ put back into the queue/).waitFor()
    for (const id of ids) assert.equal(await statusOf(id), 200)
  })

  test('workers show each thread, what it develops and since when', async () => {
    await using opened = await open('/status')
    const { page } = opened
    const threads = page.locator('.threads')
    await threads.getByText('idle').waitFor()
    const slow = 'resize:1800x1800:fill:enlarge,blur:100,blur:100,format:jpeg'
    await until('an image is shown while it is developed', async () => {
      const id = await post(`?operations=${slow}`)
      await until('it is developed', async () => (await stateOf(id)) !== 'not-started')
      await page.reload() // the figures are read at once, and then every few seconds
      await threads.locator('li').first().waitFor()
      const shown = await threads.textContent()
      await httpRequest(local, `/images/${id}`, { method: 'DELETE' })
      return shown?.includes(`${id}for `)
    })
    await threads.getByText('idle').waitFor()
  })

  test('the filters stand in the URL, and the figures can be held', async () => {
    await using opened = await open('/status')
    const { page } = opened
    await page.getByText('Services and engines').waitFor()
    await page.getByLabel('Service', { exact: true }).selectOption('storage')
    await page.getByLabel('Span of the charts').selectOption('15 minutes')
    await page.waitForURL(/minutes=15/)
    assert.equal(await page.locator('tbody tr .ready').count(), 1)
    await page.getByLabel('Freeze the figures').check()
    await page.reload()
    await page.getByText('Services and engines').waitFor()
    assert.equal(await page.getByLabel('Freeze the figures').isChecked(), true)
    assert.equal(await page.locator('tbody tr .ready').count(), 1)
    const finished = page.locator('.tile', { hasText: 'Finished' }).locator('.tile-figure')
    const before = Number(await finished.textContent())
    const id = await post()
    await until('the image is finished', async () => (await stateOf(id)) === 'finished')
    assert.equal(Number(await finished.textContent()), before)
    await page.getByLabel('Freeze the figures').uncheck()
    await until('the figures change', async () => Number(await finished.textContent()) > before)
    await page.getByLabel('Only problems').check()
    await page.getByText('Every worker reports.').waitFor()
    await page.getByText('Nothing to show with these filters.').waitFor()
    await assertAccessible(page)
  })

  test('the charts begin before the page was opened, as far as the frontend has counted, and name the true maximum', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await page.route('**/stats', async route => {
      const answer = (await httpRequest(local, '/stats')).json() as unknown as Stats
      const perMinute = answer.lastHour?.perMinute.map(({ at }) => ({ at, finished: 0, failed: 0 }))
      const before = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
      const load = [
        { at: before(90), waiting: 99, developing: 0 },
        { at: before(39.5), waiting: 70, developing: 4 },
        { at: before(20), waiting: 30, developing: 4 },
      ]
      await route.fulfill({ json: { ...answer, load, lastHour: { ...answer.lastHour, perMinute } } })
    })
    await page.goto(new URL('/status', page.url()).href)
    await page.getByRole('img', { name: /at most 70 in 40 minutes$/ }).waitFor()
    await page.getByRole('img', { name: /at most 0 a minute$/ }).waitFor()
    await page.getByLabel('Span of the charts').selectOption('30 minutes')
    await page.getByRole('img', { name: /at most 30 in 2[01] minutes$/ }).waitFor()
  })

  test('by keyboard, the focus stays at a question and at its answer', async () => {
    await using opened = await open('/status')
    const { page } = opened
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    for (const _ of ['once', 'again']) {
      await page.getByRole('button', { name: 'Pause uploads' }).press('Enter')
      await page.getByRole('button', { name: 'Yes, refuse uploads' }).waitFor()
      assert.equal(await focused(), 'Yes, refuse uploads')
      await page.getByRole('button', { name: 'No' }).press('Enter')
      await page.getByRole('button', { name: 'Pause uploads' }).waitFor()
      assert.equal(await focused(), 'Pause uploads')
    }
  })

  test('a count is drawn as a point, and a gap between counts has no line', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    let minutes = [0]
    await page.route('**/stats', async route => {
      const answer = (await httpRequest(local, '/stats')).json() as unknown as Stats
      const load = minutes.map(ago => ({
        at: new Date(Date.now() - ago * 60_000).toISOString(),
        waiting: 5,
        developing: 1,
      }))
      await route.fulfill({ json: { ...answer, load, images: undefined } })
    })
    const linesOf = async () => {
      await page.goto(new URL('/status?paused=yes', page.url()).href)
      const path = await page.locator('path.line').first().getAttribute('d')
      return (path ?? '').split('M').slice(1)
    }
    assert.equal((await linesOf()).length, 1)
    const { width } = (await page.locator('path.line').first().boundingBox()) ?? { width: 0 }
    assert.ok(width <= 4, `${width} px`)
    minutes = [30, 29, 28, 3, 2, 1]
    assert.deepEqual(
      (await linesOf()).map(line => line.split('L').length),
      [3, 3],
    )
  })

  test('large counts have room in their tiles on a phone', async () => {
    await using opened = await open('/docs', { viewport: { width: 360, height: 740 } })
    const { page } = opened
    await page.route('**/stats', async route => {
      const answer = (await httpRequest(local, '/stats')).json() as unknown as Stats
      const images = { 'not-started': 123_456, 'in-progress': 999_999, finished: 1_234_567_890, failed: 12 }
      const long = { count: 3000, p50: 404, p90: 93_000, p99: 84_000_000 }
      const milliseconds = { waiting: long, developing: long, total: long }
      await route.fulfill({ json: { ...answer, images, lastHour: { ...answer.lastHour, milliseconds } } })
    })
    await page.goto(new URL('/status', page.url()).href)
    await page.locator('.tile-figure').first().waitFor()
    assert.deepEqual(await page.locator('.tile-figure').allTextContents(), [
      '123,456',
      '999,999',
      '1.2B',
      '12',
    ])
    const cut = await page
      .locator('.tile')
      .evaluateAll(tiles => tiles.some(tile => tile.scrollWidth > tile.clientWidth))
    assert.equal(cut, false)
    const durations = page.getByRole('region', { name: 'Durations' })
    for (const width of [360, 320]) {
      await page.setViewportSize({ width, height: 640 })
      await assertNotWide(page)
      assert.equal(await durations.evaluate(table => table.scrollWidth > table.clientWidth), false)
    }
    const services = page.getByRole('table', { name: 'Services' })
    assert.equal(await services.getByText('kv-confighttp://').count(), 1)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  test('a long problem of an engine and large counts of failures are readable', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await page.route('**/images/retry*', route => route.fulfill({ json: { retried: 123_456 } }))
    await page.route('**/stats', async route => {
      const answer = (await httpRequest(local, '/stats')).json() as unknown as Stats
      const reasons = ['worker-lost', 'x'.repeat(100)]
      const failures = reasons.map(reason => ({ type: `urn:darkroom:problem:${reason}`, count: 123_456 }))
      const problem = `postgres://darkroom@${'database_'.repeat(20)}:5432/darkroom does not answer`
      const services = answer.services?.map(service => ({ ...service, isReady: false, problem }))
      const disk = { freeBytes: 2e12, totalBytes: 16e12 }
      await route.fulfill({
        json: { ...answer, services, disk, lastHour: { ...answer.lastHour, failures } },
      })
    })
    await page.goto(new URL('/status', page.url()).href)
    await page.getByText('2.0 TB free of 16.0 TB').waitFor()
    await page.getByRole('table', { name: 'Services' }).waitFor()
    await assertNotWide(page)
    await page
      .getByRole('button', { name: /^Retry these/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Yes, retry 123,456 images' }).waitFor()
    await page.setViewportSize({ width: 280, height: 640 })
    await assertNotWide(page)
  })

  test('figures that are unknown have the reason in their place', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    let isKnown = true
    await page.route('**/stats', async route => {
      const { images, lastHour, ...others } = (await httpRequest(local, '/stats')).json() as unknown as Stats
      await route.fulfill({ json: isKnown ? { ...others, images, lastHour } : others })
    })
    await page.goto(new URL('/status', page.url()).href)
    const place = () => page.locator('.tiles').boundingBox()
    await page.locator('.tile').first().waitFor()
    const before = await place()
    isKnown = false
    await page.locator('.tile', { hasText: '–task-db does not answer' }).nth(3).waitFor()
    assert.deepEqual(await place(), before)
    await assertAccessible(page)
  })

  test('a service of the URL that does not exist is named in its filter', async () => {
    await using opened = await open('/status?service=archive')
    const { page } = opened
    await page.getByText('Nothing to show with these filters.').waitFor()
    assert.equal(await page.getByLabel('Service', { exact: true }).inputValue(), 'archive')
  })

  test('the dashboard shows that Darkroom does not answer, and recovers', async () => {
    await using opened = await open('/status')
    const { page } = opened
    await page.getByText('Services and engines').waitFor()
    const place = () => page.locator('.tiles').boundingBox()
    const before = await place()
    await goOffline(page)
    await page.getByRole('alert').getByText('Darkroom does not answer').waitFor()
    assert.deepEqual(await place(), before) // the earlier figures do not move
    await page.context().setOffline(false)
    await page.getByRole('alert').waitFor({ state: 'detached' })
  })

  async function stateOf(id: string): Promise<unknown> {
    return (await httpRequest(local, `/images/${id}`)).json().state
  }
}
