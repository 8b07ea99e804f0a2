import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateImage, until } from '@darkroom/testing'
import { addTo, fileOf, type InBrowser, idOf, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

/** Images are deleted: in several tabs, by keyboard, undone, and before their upload is answered. */
export function deletionFlows({ open, png, post, remove, statusOf, listIds }: InBrowser): void {
  test('an image that is deleted in one tab goes in the others, with its details', async () => {
    await using opened = await open()
    const { page } = opened
    const second = await page.context().newPage()
    await second.goto(page.url())
    await addTo(page, fileOf('shared.png', png), fileOf('last.png', png))
    await untilDeveloped(second, 'shared.png', 'last.png')
    await page.getByRole('button', { name: 'shared.png', exact: true }).click()
    await page.getByRole('slider').waitFor()
    await second.getByRole('button', { name: 'Delete shared.png' }).click()
    // Another deletion ends the time in which the first can be undone.
    await second.getByRole('button', { name: 'Delete last.png' }).click()
    await page.getByRole('slider').waitFor({ state: 'detached' })
    assert.equal(await rowOf(page, 'shared.png').count(), 0)
  })

  test('the details of an image that another client has deleted show that it was deleted', async () => {
    const id = await post()
    await using opened = await open()
    const { page } = opened
    const name = `Image ${id.slice(14, 23)}`
    await untilDeveloped(page, name)
    await remove(id)
    await page.getByRole('button', { name, exact: true }).click()
    await page.getByText('The image was deleted or has expired').waitFor()
    await assertAccessible(page)
  })

  test('a deletion can be undone for a while, and then the image is gone', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('away.png', png))
    await untilDeveloped(page, 'away.png')
    const id = await idOf(page, 'away.png')
    await page.getByRole('button', { name: 'Delete away.png' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await rowOf(page, 'away.png').waitFor()
    assert.equal(await statusOf(id), 200)
    await page.getByRole('button', { name: 'Delete away.png' }).click()
    // A user who leaves the page has not undone the deletion.
    await page.goto('about:blank')
    await until('the image is deleted', async () => (await statusOf(id)) === 404)
  })

  test('a tab that is closed while images are deleted deletes them all', async () => {
    await using opened = await open()
    const { page } = opened
    const names = ['one.png', 'two.png', 'three.png', 'four.png']
    await addTo(page, ...names.map(name => fileOf(name, png)))
    await untilDeveloped(page, ...names)
    const ids: string[] = []
    for (const name of names) ids.push(await idOf(page, name))
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    // The first deletion is not answered before the tab is closed.
    const late = { offline: false, latency: 3000, downloadThroughput: -1, uploadThroughput: -1 }
    await network.send('Network.emulateNetworkConditions', late)
    for (const name of names.slice(0, 3)) await page.getByLabel(`Choose ${name}`).check()
    await page.getByRole('button', { name: 'Delete 3' }).click()
    const isRequested = page.waitForEvent('request', request => request.method() === 'DELETE')
    // Another deletion ends the time in which the first can be undone.
    await page.getByRole('button', { name: 'Delete four.png' }).click()
    await isRequested
    await page.close()
    await until('all are deleted', async () =>
      (await Promise.all(ids.map(statusOf))).every(status => status === 404),
    )
  })

  test('an image is deleted on time while the list, which has become empty, is read again', async () => {
    for (let ids = await listIds(); ids.length > 0; ids = await listIds()) await Promise.all(ids.map(remove))
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('first.png', png), fileOf('second.png', png))
    await untilDeveloped(page, 'first.png', 'second.png')
    const id = await idOf(page, 'second.png')
    const answer = Promise.withResolvers<void>()
    await page.route(/\/images\?/, route => answer.promise.then(() => route.continue()))
    await page.getByRole('button', { name: 'Delete first.png' }).click()
    const isRead = page.waitForRequest(/\/images\?/)
    await page.getByRole('button', { name: 'Delete second.png' }).click()
    await isRead
    await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' })
    answer.resolve()
    await until('the second image is deleted', async () => (await statusOf(id)) === 404)
  })

  test('the focus stays near what is deleted by keyboard', async () => {
    await post() // it stays in the list
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('high.png', png), fileOf('low.png', png))
    await untilDeveloped(page, 'high.png', 'low.png')
    const focused = () => page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.id)
    await page.getByRole('button', { name: 'Delete high.png' }).press('Enter')
    assert.equal(await focused(), 'Delete low.png')
    await rowOf(page, 'high.png').waitFor({ state: 'detached' })
    assert.equal(await focused(), 'Delete low.png')
    await page.getByRole('button', { name: 'Undo' }).press('Enter')
    await rowOf(page, 'high.png').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.matches('.chosen input')), true)
    await page.getByLabel('Choose high.png').check()
    await page.getByRole('button', { name: 'Delete 1' }).press('Enter')
    await rowOf(page, 'high.png').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => document.activeElement?.matches('.chosen input')), true)
    await page.getByRole('button', { name: 'low.png', exact: true }).press('Enter')
    await page.getByRole('button', { name: 'Delete', exact: true }).press('Enter')
    await rowOf(page, 'low.png').waitFor({ state: 'detached' })
    await page.waitForFunction(() => document.activeElement?.matches('.images input'))
    await page.getByRole('button', { name: 'Remove swap-channels' }).press('Enter')
    assert.equal(await focused(), 'add-step-result')
  })

  test('an image that is deleted before its upload is answered does not come back', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('other.png', png))
    await untilDeveloped(page, 'other.png')
    const known = new Set(await listIds())
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    // The response comes late; the events don't.
    const late = { offline: false, latency: 3000, downloadThroughput: -1, uploadThroughput: -1 }
    await network.send('Network.emulateNetworkConditions', late)
    await page.evaluate(() => {
      const names = new Set<string>()
      const list = document.querySelector('.images')
      if (!list) throw new Error('there is no list')
      new MutationObserver(() => {
        for (const { textContent } of list.querySelectorAll('.row-name')) names.add(textContent)
      }).observe(list, { childList: true, subtree: true })
      Object.assign(globalThis, { names })
    })
    await addTo(page, fileOf('unwanted.png', png))
    await rowOf(page, 'unwanted.png').getByText('Being checked').waitFor()
    await page.getByRole('button', { name: 'Delete unwanted.png' }).click()
    // Another deletion ends the time in which the first can be undone.
    await page.getByRole('button', { name: 'Delete other.png' }).click()
    await page.waitForResponse(response => response.request().method() === 'POST')
    await until('the image is deleted', async () => (await listIds()).every(each => known.has(each)), 20_000)
    const names = await page.evaluate(() => [...(globalThis as unknown as { names: Set<string> }).names])
    const older = new Set([...known].map(id => `Image ${id.slice(14, 23)}`))
    assert.deepEqual(
      names.filter(name => name.startsWith('Image ') && !older.has(name)),
      [],
    )
    assert.equal(await rowOf(page, 'unwanted.png').count(), 0)
  })

  for (const [size, side] of [
    ['in one request', 40],
    ['in pieces', 2200],
  ] as const)
    test(`an image that is uploaded ${size}, and deleted before the response, is deleted although the tab is closed`, async () => {
      await using opened = await open()
      const { page } = opened
      const known = new Set(await listIds())
      const others = async () => (await listIds()).filter(id => !known.has(id))
      const network = await page.context().newCDPSession(page)
      await network.send('Network.enable')
      const late = { offline: false, latency: 3000, downloadThroughput: -1, uploadThroughput: -1 }
      await network.send('Network.emulateNetworkConditions', late)
      const image = await generateImage({ kind: 'png', width: side, height: side, seed: 1 })
      await addTo(page, fileOf('unwanted.png', Buffer.from(image)))
      await rowOf(page, 'unwanted.png').getByText('Being checked').waitFor()
      await until('the server has the image', async () => (await others()).length > 0)
      await page.getByRole('button', { name: 'Delete unwanted.png' }).click()
      await page.goto('about:blank')
      await until('the image is deleted', async () => (await others()).length === 0, 20_000)
    })

  test('a double click on Delete deletes one image, not also the image that moves to its place', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('upper.png', png), fileOf('lower.png', png))
    await untilDeveloped(page, 'upper.png', 'lower.png')
    await page.getByRole('button', { name: 'Delete upper.png' }).dblclick({ delay: 50 })
    await page.getByText('upper.png deleted').waitFor()
    assert.equal(await rowOf(page, 'lower.png').count(), 1)
  })

  test('a long name is shortened where a deletion can be undone, with its end', async () => {
    await using opened = await open()
    const { page } = opened
    const name = `${'سفر '.repeat(60)}0042.png`
    await addTo(page, fileOf(name, png))
    await untilDeveloped(page, name)
    await page.getByRole('button', { name: `Delete ${name}` }).click()
    const shown = await page.locator('.toast bdi').textContent()
    assert.match(shown ?? '', /^سفر .*….*0042\.png$/)
    assert.equal(shown?.length, 60)
  })
}
