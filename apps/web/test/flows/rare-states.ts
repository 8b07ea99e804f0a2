import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '@darkroom/testing'
import type { Route } from 'playwright-core'
import { addTo, fileOf, type InBrowser, rowOf, untilLoaded } from '../in-browser.ts'
import { assertAccessible, assertApart, assertNotWide } from '../open-page.ts'

const address = `postgres://darkroom@${'database_'.repeat(20)}:5432/darkroom`

/** States that are rare: the page is as usable in them as in the others. */
export function rareStateFlows({ open, local, png }: InBrowser): void {
  test('a user with a long name, and a refusal with a long address, fit into every width', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const user = { keyId: 'a', role: 'operator', name: 'The key of the build server in the cellar' }
    await page.route('**/session', route => route.fulfill({ json: user }))
    await page.route(/\/images(\?|$)/, route => refuse(route, 503, `${address} does not answer`))
    await page.goto(new URL('/', page.url()).href)
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    await page.locator('.empty').getByText('does not answer').waitFor()
    for (const width of [280, 320, 600, 1440]) {
      await page.setViewportSize({ width, height: 640 })
      await assertNotWide(page)
      await assertApart(page, '.top a, .top button')
    }
  })

  test('messages that are higher than the window can be scrolled, and hide no image at the end of the page', async () => {
    await using opened = await open('/docs', { viewport: { width: 360, height: 320 } })
    const { page } = opened
    await page.route(/\/images(\?|$)/, route =>
      route.request().method() === 'POST'
        ? refuse(route, 429, `the queue at ${address} is full`, { 'retry-after': '3600' })
        : route.fulfill({ json: { images: [failedImage] } }),
    )
    await page.route('**/retry', route => refuse(route, 409, `the image at ${address} has not failed`))
    await page.goto(new URL('/', page.url()).href)
    await untilLoaded(page)
    await page.getByRole('button', { name: /^Develop .* again/ }).click()
    await page.getByRole('button', { name: 'Close' }).waitFor()
    await page.setViewportSize({ width: 320, height: 320 })
    await addTo(page, fileOf('a.png', png))
    await page.locator('.countdown').getByText('60 min').waitFor()
    await page.getByLabel('Collect first').check()
    for (const name of ['Close', 'Try now', 'Send it'])
      await page.getByRole('button', { name }).click({ trial: true, timeout: 10_000 })
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    const edgeOf = (selector: string, edge: 'top' | 'bottom') =>
      page
        .locator(selector)
        .first()
        .evaluate((element, side) => element.getBoundingClientRect()[side], edge)
    assert.ok((await edgeOf('.images', 'bottom')) <= (await edgeOf('.bottom', 'top')))
  })

  test('a page that the browser translates shows changes, and the names of files as they are', async () => {
    await using opened = await open()
    const { page } = opened
    await untilLoaded(page)
    await page.evaluate(translateAll)
    await addTo(page, fileOf('foreign.png', png), fileOf('notes.txt', Buffer.from('no image')))
    await rowOf(page, 'foreign.png')
      .getByText(/^«Developed/)
      .waitFor()
    await rowOf(page, 'notes.txt')
      .getByText(/^«Unsupported file type/)
      .waitFor()
    assert.equal(await rowOf(page, 'foreign.png').locator('.row-name').textContent(), 'foreign.png')
    assert.equal(await page.locator('.images-head').textContent(), '«Images»«1 finished · 1 failed»')
    assert.equal(await page.locator('.step-words').textContent(), 'swap-channelsbgr')
    const isChosen = page.getByLabel('Choose foreign.png')
    for (const words of ['«1 chosen»', '«Choose all»']) {
      await isChosen.setChecked(words.includes('1'))
      await page.locator('.chosen').getByText(words, { exact: true }).waitFor()
    }
    await page.getByRole('button', { name: 'Delete foreign.png' }).click()
    await page.locator('.toast').getByText('«Undo»').waitFor()
    assert.equal(await page.locator('.toast bdi').textContent(), 'foreign.png')
    await page.locator('.images-head').getByText('«1 failed»', { exact: true }).waitFor()
  })

  test('the details of an image fit, and show its pictures from the first', async () => {
    await using opened = await open('/docs', { viewport: { width: 320, height: 640 } })
    const { page } = opened
    await page.route(/\/images(\?|$)/, route =>
      route.fulfill({ json: { images: [failedImage, finishedImage] } }),
    )
    await page.route(/\/images\/.*\/(result|original)/, route =>
      route.fulfill({ contentType: 'image/png', body: png }),
    )
    await page.goto(new URL('/', page.url()).href)
    await untilLoaded(page)
    await page.locator('.is-failed .row-name').click()
    await page.getByRole('dialog').getByText('does not answer').waitFor()
    await assertNotWide(page)
    await page.keyboard.press('Escape')
    const isOfferedPreview = await page
      .locator('.is-finished .row-name')
      .evaluate(async (name: HTMLElement) => {
        name.click()
        for (;;) {
          await new Promise(requestAnimationFrame)
          if (document.querySelector('.no-preview')) return true
          if (document.querySelector('.slider')) return false
        }
      })
    assert.equal(isOfferedPreview, false)
  })

  test('the details of an image with a long name begin with its short name, and have all of it', async () => {
    await using opened = await open('/', { viewport: { width: 360, height: 640 } })
    const { page } = opened
    const name = `${'holiday by the sea '.repeat(11)}0042.png`
    await addTo(page, fileOf(name, png))
    await page.locator('.row-name', { hasText: name }).click()
    const title = await page.locator('#details-title').boundingBox()
    assert.ok(title && title.height < 640 / 4, JSON.stringify(title))
    await page.locator('.facts').getByText(name, { exact: true }).waitFor()
    await assertNotWide(page)
  })

  test('a page under an address that is not configured names one remedy', async () => {
    await using opened = await open(local.replace('127.0.0.1', 'localhost'))
    const { page } = opened
    await addTo(page, fileOf('lost.png', png))
    const words = `Darkroom does not accept requests from the address of this page. The operator must add the address of this page to PUBLIC_URL.`
    await page.locator('.row-state').getByText(words, { exact: true }).waitFor({ timeout: 10_000 })
  })

  test('on a narrow phone, the reason of a refusal is not broken within its first word', async () => {
    for (const [width, hasTouch] of [
      [320, false],
      [320, true],
      [360, true],
    ] as const) {
      await using opened = await open('/', { viewport: { width, height: 640 }, hasTouch })
      const { page } = opened
      await addTo(page, fileOf('phone.txt', Buffer.from('no image')))
      const reason = page.locator('.row', { hasText: 'phone.txt' }).locator('.row-state p')
      await reason.getByText(/^Unsupported/).waitFor()
      const lines = await reason.evaluate(({ firstChild }) => {
        const range = document.createRange()
        range.setStart(firstChild as Text, 0)
        range.setEnd(firstChild as Text, 'Unsupported'.length)
        return range.getClientRects().length
      })
      assert.equal(lines, 1)
    }
  })

  test('on a phone, images that are added are in view, and collecting them does not move the page', async () => {
    await using opened = await open('/', { viewport: { width: 360, height: 740 }, hasTouch: true })
    const { page } = opened
    const topOf = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate(each => each.getBoundingClientRect().top)
    await page.getByLabel('Collect first').check()
    await page.evaluate(() => scrollTo(0, 0))
    await addTo(page, fileOf('collected.png', png))
    assert.ok((await topOf('.images-head')) > 740)
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByLabel('Collect first').uncheck()
    await page.evaluate(() => scrollTo(0, 0))
    await addTo(page, fileOf('added.png', png))
    await rowOf(page, 'added.png').waitFor()
    assert.ok((await topOf('.images-head')) >= 0)
    assert.ok((await topOf('.row')) < 640)
    const boxes = page.locator('.images input[type="checkbox"]')
    const edges = await boxes.evaluateAll(all => all.map(box => box.getBoundingClientRect().left))
    assert.equal(new Set(edges.map(Math.round)).size, 1, edges.join())
  })

  test('by keyboard, the focus stays near a control that disappears or is disabled', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    // As in Safari before 17.4.
    await page.addInitScript(() => delete (Element.prototype as Partial<Element>).checkVisibility)
    await page.route(/\/images(\?|$)/, route =>
      route.request().method() === 'POST'
        ? refuse(route, 429, 'the queue is full', { 'retry-after': '3600' })
        : route.fulfill({ json: { images: [failedImage] } }),
    )
    await page.route('**/retry', route => refuse(route, 409, 'the image has not failed'), { times: 1 })
    await page.goto(new URL('/', page.url()).href)
    await untilLoaded(page)
    const press = (name: string | RegExp) => page.getByRole('button', { name }).press('Enter')
    const focused = () =>
      page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.textContent)
    await press(/^Develop/)
    await page.getByText('The image has not failed. Reload the page, then try again.').waitFor()
    await press('Close')
    await page.locator('.toast').waitFor({ state: 'detached' })
    assert.match(String(await focused()), /^Develop .* again$/)
    await page.route('**/retry', route => route.fulfill({ json: { ...failedImage, state: 'not-started' } }))
    await press(/^Develop/)
    await page.locator('.is-not-started').waitFor()
    assert.equal(await focused(), 'Image 7000-8000')
    await page.reload()
    await press(/^Image 7000-8000$/)
    await page.getByRole('dialog').getByRole('button', { name: 'Develop again' }).press('Enter')
    await until('the state has the focus', async () => (await focused()) === 'Waits for a worker', 5000)
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    await page.locator('#add-step-result:enabled').selectOption('greyscale')
    for (const _ of ['to the top', 'no further']) {
      await press('Move greyscale up')
      assert.equal(await focused(), 'Move greyscale up')
    }
    assert.equal(await page.locator('.step details[open]').count(), 0)
    await page.getByLabel('Collect first').check()
    await addTo(page, fileOf('a.png', png))
    const [words, button] = await Promise.all(
      ['.toast span', '.toast button'].map(part => page.locator(part).first().boundingBox()),
    )
    assert.ok(words && button && words.y + words.height > button.y, 'the button is beside a short message')
    await press('Send it')
    await page.locator('.countdown').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement === document.body), false)
  })

  test('the steps of the chosen preset are there before the server answers', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const presets = [{ name: 'web', operations: [{ name: 'greyscale' }] }]
    await page.route('**/presets', route => route.fulfill({ json: { presets } }))
    await page.goto(new URL('/', page.url()).href)
    await page.getByLabel('Preset', { exact: true }).selectOption('web')
    await page.locator('.preset').getByText('greyscale').waitFor()
    await page.unroute('**/presets')
    await page.route('**/presets', () => {}) // no response
    await page.reload()
    await page.locator('.preset').getByText('greyscale').waitFor()
  })
}

function refuse(route: Route, status: number, detail: string, headers = {}): Promise<void> {
  return route.fulfill({ status, headers, json: { type: 'urn:darkroom:problem:rare', detail } })
}

const image = {
  attempts: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  operations: [{ name: 'greyscale' }],
  original: { contentType: 'image/png', bytes: 100, width: 60, height: 40, frames: 1 },
}
const failedImage = {
  ...image,
  id: '019b76da-a800-7000-8000-000000000001',
  state: 'failed',
  error: { type: 'urn:darkroom:problem:rare', detail: `${address} does not answer` },
}
const finishedImage = {
  ...image,
  id: '019b76da-a800-7000-8000-000000000002',
  state: 'finished',
  result: image.original,
}

/** Replaces texts as the translator of a browser does, from now on. */
function translateAll(): void {
  const translate = (root: Node) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    const texts: Text[] = []
    while (walker.nextNode()) texts.push(walker.currentNode as Text)
    for (const text of texts) {
      const parent = text.parentElement
      if (!parent || text.data.trim() === '' || parent.closest('font, [translate=no]')) continue
      const [outer, inner] = [document.createElement('font'), document.createElement('font')]
      inner.textContent = `«${text.data.trim()}»`
      outer.append(inner)
      text.replaceWith(outer)
    }
  }
  translate(document.body)
  new MutationObserver(() => translate(document.body)).observe(document.body, {
    childList: true,
    subtree: true,
    characterData: true,
  })
}
