import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpRequest, until } from '@darkroom/testing'
import { addTo, fileOf, type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

/** Too large to be put around the image: it fails when it is developed. */
const tooLarge = '?operations=resize:9000x9000:fill:enlarge,pad:9000x9000,resize:16000x16000:fill:enlarge'

/** Another try, by the user, of an upload that was refused or an image that has failed. */
export function retryFlows({ open, local, post, imageOf }: InBrowser): void {
  test('a double click on Upload again sends the file once', async () => {
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('words.txt', Buffer.from('no image')))
    await page.getByRole('button', { name: 'Upload words.txt again' }).waitFor()
    let sent = 0
    let isReleased = () => {}
    const released = new Promise<void>(resolve => (isReleased = resolve))
    await page.route('**/images?*', async route => {
      sent++
      await released
      await route.fallback()
    })
    // Both before the first is drawn.
    await page.getByRole('button', { name: 'Upload words.txt again' }).evaluate((button: HTMLElement) => {
      button.click()
      button.click()
    })
    await rowOf(page, 'words.txt').getByRole('progressbar').waitFor()
    isReleased()
    await rowOf(page, 'words.txt')
      .getByText(/Choose another file/)
      .waitFor()
    assert.equal(sent, 1)
  })

  test('the details of an image that failed, and of a file that was refused, have the button for another try', async () => {
    const id = await post(tooLarge)
    await using opened = await open()
    const { page } = opened
    await addTo(page, fileOf('verses.txt', Buffer.from('no image')))
    for (const [name, button, path] of [
      [`Image ${id.slice(14, 23)}`, 'Develop again', `/images/${id}/retry`],
      ['verses.txt', 'Upload again', '/images'],
    ] as const) {
      await page.getByRole('button', { name, exact: true }).click()
      const isSent = page.waitForRequest(
        request => request.method() === 'POST' && new URL(request.url()).pathname === path,
      )
      await page.getByRole('dialog').getByRole('button', { name: button }).click()
      await isSent
      await page.getByRole('dialog').getByRole('button', { name: button }).waitFor() // it failed again
      await assertAccessible(page)
      await page.keyboard.press('Escape')
    }
  })

  test('an image that fails again before the response to its retry has arrived is shown as failed', async () => {
    const id = await post(tooLarge)
    await using opened = await open()
    const { page } = opened
    const name = `Image ${id.slice(14, 23)}`
    await rowOf(page, name)
      .getByRole('button', { name: /again$/ })
      .waitFor()
    const answered = page.waitForResponse(`**/images/${id}/retry`)
    await page.route(`**/images/${id}/retry`, async route => {
      const { status, body } = await httpRequest(local, `/images/${id}/retry`, { method: 'POST' })
      await until('it has failed again', async () => (await imageOf(id)).state === 'failed')
      // Its events come after those of the retried image.
      const next = await post()
      await untilDeveloped(page, `Image ${next.slice(14, 23)}`)
      await route.fulfill({ status, body: String(body), contentType: 'application/json' })
    })
    await page.getByRole('button', { name: `Develop ${name} again` }).click()
    await answered
    await page.getByRole('button', { name, exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Develop again' }).waitFor()
  })
}
