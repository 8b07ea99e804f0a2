import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpRequest, until } from '@darkroom/testing'
import { addTo, fileOf, type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

/** The list of images: the history, other tabs and clients, and thousands of files. */
export function listFlows({ local, open, png, post, imageOf }: InBrowser): void {
  test('the history is filtered and paged by the URL, and the browser goes back', async () => {
    let last = ''
    for (let count = 0; count < 80; count++) last = await post('?operations=greyscale')
    await until('all are finished', async () => (await imageOf(last)).state === 'finished')
    await using opened = await open('/?state=failed')
    const { page } = opened
    await page.getByText('Nothing failed').waitFor()
    await page.getByRole('link', { name: 'Finished' }).click()
    await page.waitForURL(/state=finished/)
    await page.locator('.row').first().waitFor()
    await page.getByRole('link', { name: 'Older' }).click()
    await page.waitForURL(/cursor=/)
    await page.getByRole('link', { name: 'Newest' }).waitFor()
    const isHeadInView = () =>
      page.locator('#images-title').evaluate(head => {
        const { top } = head.getBoundingClientRect()
        return top >= 0 && top < innerHeight
      })
    await until('the head of the page is in view', isHeadInView, 20_000)
    await page.goBack()
    await page.waitForURL(url => !url.searchParams.has('cursor'))
    await page.goBack()
    await page.getByText('Nothing failed').waitFor()
    await page.getByRole('link', { name: 'All', exact: true }).click()
    await page.getByLabel('Images since').selectOption('Last hour')
    await page.waitForURL(/since=/)
    await page.locator('.row').first().waitFor()
    await page.goto(new URL('/?since=2999-01-01', page.url()).href)
    await page.getByText('Nothing here').waitFor()
  })

  test('the last hour is that of the server, if the clock of the user is a day off', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await page.clock.setSystemTime(Date.now() + 25 * 3_600_000)
    await page.goto(new URL('/', page.url()).href)
    await addTo(page, fileOf('punctual.png', png))
    await untilDeveloped(page, 'punctual.png')
    await page.getByLabel('Images since').selectOption('Last hour')
    await page.waitForURL(/since=/)
    await page.reload()
    await rowOf(page, 'punctual.png').waitFor()
  })

  test('a mistake in the URL is explained in plain words, with a way back', async () => {
    await post()
    await using opened = await open()
    const { page } = opened
    for (const [query, words] of [
      ['since=yesterday', '“yesterday” is not a date, such as 2026-01-31.'],
      ['state=lost', '“lost” is not a state of images.'],
      ['cursor=7', '“7” is not a page of this list.'],
    ]) {
      await page.goto(new URL(`/?${query}`, page.url()).href)
      await page.getByText(words ?? '', { exact: true }).waitFor()
      await assertAccessible(page)
      await page.getByRole('link', { name: 'Show all images' }).click()
      await page.locator('.row').first().waitFor()
    }
  })

  test('an image that arrives before the response does not hide the mistake in the URL', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const hasArrived = Promise.withResolvers<void>()
    await page.route('**/images?*', async route => {
      await hasArrived.promise
      await route.fallback()
    })
    await page.goto(new URL('/?since=yesterday', page.url()).href)
    await page.getByText('Live', { exact: true }).waitFor()
    await post()
    await page.locator('.row').first().waitFor()
    hasArrived.resolve()
    await page.getByText('“yesterday” is not a date, such as 2026-01-31.', { exact: true }).waitFor()
  })

  test('while a part of the history is read, the page does not show it as empty', async () => {
    await post()
    await using opened = await open()
    const { page } = opened
    await page.locator('.row').first().waitFor()
    let isReleased = () => {}
    const released = new Promise<void>(resolve => (isReleased = resolve))
    await page.route('**/images?*', async route => {
      await released
      await route.fallback()
    })
    await page.getByRole('link', { name: 'Waiting' }).click()
    await page.locator('.empty[aria-busy]').waitFor()
    assert.equal(await page.getByText('Nothing here').count(), 0)
    isReleased()
    await page.getByText('Nothing here').waitFor()
  })

  test('files that are not uploaded yet are among those that wait', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Collect first').check()
    await addTo(page, fileOf('unsent.png', png))
    await page.getByRole('link', { name: 'Waiting' }).click()
    await rowOf(page, 'unsent.png').getByText('In line').waitFor()
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('Nothing here').waitFor()
    await page.getByRole('link', { name: 'All', exact: true }).click()
    await untilDeveloped(page, 'unsent.png')
  })

  test('the page reads the history once when it is opened', async () => {
    await post()
    await using opened = await open()
    const { page } = opened
    await page.locator('.row').first().waitFor()
    await page.route('**/session', async route => {
      await page.getByText('Live', { exact: true }).waitFor()
      await route.fallback()
    })
    const listings: string[] = []
    page.on('request', request => {
      if (/\/images\?/.test(request.url())) listings.push(request.url())
    })
    await page.reload()
    await page.locator('.row').first().waitFor()
    await page.locator('#add-step-result:enabled').waitFor() // it is filled last
    assert.equal(listings.length, 1, listings.join())
  })

  test('an image that arrives while the history is read stays in the list', async () => {
    await using opened = await open(new URL('/docs', local).href) // it reads no history
    const { page } = opened
    const answered = Promise.withResolvers<string>()
    await page.route('**/images?*', async route => {
      const older = await route.fetch()
      const id = await post()
      await untilDeveloped(page, `Image ${id.slice(14, 23)}`) // by its events
      await route.fulfill({ response: older })
      answered.resolve(id)
    })
    await page.goto(local)
    const id = await answered.promise
    await page.unrouteAll({ behavior: 'wait' })
    await post().then(next => untilDeveloped(page, `Image ${next.slice(14, 23)}`))
    await rowOf(page, `Image ${id.slice(14, 23)}`).waitFor()
  })

  test('images that were uploaded with one grant have different names', async () => {
    const grant = { method: 'POST', body: JSON.stringify({ images: 2 }) }
    const { token } = (await httpRequest(local, '/grants', grant)).json()
    const upload = { method: 'POST', body: png, headers: { authorization: `Bearer ${token}` } }
    const ids: string[] = []
    for (const _ of [1, 2]) ids.push(String((await httpRequest(local, '/images', upload)).json().id))
    assert.equal(new Set(ids.map(id => id.slice(-12))).size, 1)
    await using opened = await open()
    for (const id of ids) await untilDeveloped(opened.page, `Image ${id.slice(14, 23)}`)
  })

  test('two tabs show what another client uploads, as it happens, and share the names of files', async () => {
    await using opened = await open()
    const { page } = opened
    const second = await page.context().newPage()
    await second.goto(page.url())
    for (const tab of [page, second]) await tab.getByText('Live', { exact: true }).waitFor()
    const id = await post()
    for (const tab of [page, second]) await untilDeveloped(tab, `Image ${id.slice(14, 23)}`)
    await addTo(page, fileOf('named.png', png))
    for (const tab of [page, second]) await untilDeveloped(tab, 'named.png')
    // Neither tab saves its names without those of the other.
    await addTo(second, fileOf('other.png', png))
    for (const tab of [page, second]) await untilDeveloped(tab, 'other.png')
    await second.close()
    await page.reload()
    await untilDeveloped(page, 'named.png', 'other.png')
  })

  test('when all images of a page are deleted, older images take their place', async () => {
    for (let count = 0; count < 60; count++) await post('?operations=greyscale')
    await using opened = await open()
    const { page } = opened
    await page.getByRole('link', { name: 'Older' }).waitFor()
    await page.locator('.chosen input').check()
    await page.getByRole('button', { name: /^Delete \d+$/ }).click()
    await page.getByText('Nothing is left here').waitFor()
    await page.locator('.row').first().waitFor()
  })

  test('images that do not fit into one zip have one button, which downloads one zip after the other', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const facts = { contentType: 'image/png', bytes: 100, width: 60, height: 40, frames: 1 }
    const images = Array.from({ length: 450 }, (_, at) => ({
      ...{ attempts: 1, state: 'finished', createdAt: '2026-01-01T00:00:00.000Z', operations: [] },
      ...{ id: `019b76da-a800-7000-8000-${String(at).padStart(12, '0')}`, original: facts, result: facts },
    }))
    const asked: string[] = []
    await page.route(/\/images\?/, route => route.fulfill({ json: { images } }))
    await page.goto(new URL('/', page.url()).href)
    await page.locator('.row').first().waitFor()
    const top = () => page.locator('.rows').evaluate(list => list.getBoundingClientRect().top + scrollY)
    const before = await top()
    await page.locator('.chosen input').check()
    for (const at of [1, 2, 3]) {
      const link = page.getByRole('link', { name: new RegExp(`^Download zip ${at} of 3, \\d+ images$`) })
      const download = page.waitForEvent('download')
      await link.click()
      assert.equal(await page.locator('.chosen a').count(), 1)
      asked.push(...(new URL((await download).url()).searchParams.get('ids') ?? '').split(','))
    }
    assert.deepEqual(
      asked,
      images.map(({ id }) => id),
    )
    await page.getByRole('link', { name: /^Download zip 1 of 3/ }).waitFor()
    assert.equal(await top(), before)
  })

  test('10 000 files stay under 150 MB, few rows are in the document, and the page answers', async t => {
    await using opened = await open()
    const { page } = opened
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const metric = async (wanted: string) => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === wanted)?.value ?? 0
    }
    await page.getByLabel('Collect first').check()
    // Time of the processor. A busy machine takes up to twice as much, so it is compared with that of fewer files.
    const costOfAdding = async (from: number, to: number, collected: number) => {
      const before = await metric('TaskDuration')
      await page.evaluate(
        ([first, end]) => {
          const transfer = new DataTransfer()
          for (let at = first; at < end; at++)
            transfer.items.add(new File([new Uint8Array(100)], `image-${at}.png`, { type: 'image/png' }))
          dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }))
        },
        [from, to] as const,
      )
      await page.getByText(`${collected} images are collected`).waitFor()
      return (await metric('TaskDuration')) - before
    }
    const few = await costOfAdding(9000, 10_000, 1000)
    const added = await costOfAdding(0, 9000, 10_000) // above the first
    assert.ok((await page.locator('.row').count()) < 60)
    await page.mouse.wheel(0, 400_000)
    await page
      .getByText(/^image-5\d{3}\.png$/)
      .first()
      .waitFor()
    await session.send('HeapProfiler.collectGarbage')
    const used = await metric('JSHeapUsedSize')
    assert.ok(used < 150 * 1024 * 1024, `${Math.round(used / 1024 / 1024)} MB`)
    await page.evaluate(() => {
      const { filter } = Array.prototype
      const counted = Object.assign(globalThis, { passes: 0 })
      Array.prototype.filter = function (this: unknown[], ...given: Parameters<typeof filter>) {
        if (this.length > 9000) counted.passes++
        return filter.apply(this, given)
      } as typeof filter
    })
    await page.getByRole('button', { name: 'Send them' }).click()
    await page.getByText(/[3-9]\d\d failed/).waitFor() // they are empty
    const passes = await page.evaluate(() => (globalThis as unknown as { passes: number }).passes)
    assert.ok(passes < 100, `the whole list was read ${passes} times for changes of 300 files`)
    await page.getByLabel('Collect first').check()
    await page.locator('.chosen input').check()
    await page.getByRole('button', { name: /^Delete \d+$/ }).click()
    await page.getByText(/\d+ images deleted/).waitFor()
    await addTo(page, fileOf('single.png', png))
    // Another deletion ends the time in which the first can be undone.
    const before = await metric('TaskDuration')
    await page.getByRole('button', { name: 'Delete single.png' }).click()
    await page.getByText('single.png deleted').waitFor()
    const deleted = (await metric('TaskDuration')) - before
    t.diagnostic(
      `adding: ${few.toFixed(2)} s, ${added.toFixed(2)} s, deleting: ${deleted.toFixed(2)} s of the processor`,
    )
    assert.ok(added < 30 * few, `1000 files took ${few} s of the processor, 9000 further files ${added} s`)
    assert.ok(deleted < 1, `deleting took ${deleted} s of the processor`)
  })
}
