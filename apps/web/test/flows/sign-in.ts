import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, Route } from 'playwright-core'
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
import { assertAccessible } from '../open-page.ts'

export async function signInWith(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).last().click()
}

export function signInFlows({ open, png, createKey, revokeKey }: InBrowser): void {
  test('a key opens the images of its owner, and signing out closes them in every tab', async () => {
    const key = await createKey({ owner: 'alice' })
    await using opened = await open()
    const { page } = opened
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal(await page.locator('.sign-in code').textContent(), 'npx darkroom keys create')
    assert.equal(await page.locator('.live').textContent(), '') // it does not connect without a key
    await assertAccessible(page)
    await signInWith(page, `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)
    await page.getByRole('alert').first().waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'key')
    await assertAccessible(page)
    await signInWith(page, key)
    await page.getByText('The line is still empty').waitFor()
    await addTo(page, fileOf('mine.png', png))
    await untilDeveloped(page, 'mine.png')
    const second = await page.context().newPage()
    await second.goto(page.url())
    await second.locator('.row').first().waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    for (const tab of [page, second]) {
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
      assert.equal(await tab.locator('.row').count(), 0)
    }
    assert.equal(await page.evaluate(() => localStorage.getItem('darkroom-presets')), 'null')
  })

  test('presets that arrive after the sign-out are not stored', async () => {
    const key = await createKey({ owner: 'alice' })
    await using opened = await open()
    const { page } = opened
    await signInWith(page, key)
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    const signedOut = Promise.withResolvers<void>()
    await page.route('**/presets', async route => {
      await signedOut.promise
      await route.fulfill({ json: { presets: [] } })
    })
    const requested = page.waitForRequest('**/presets')
    await page.reload()
    const request = await requested
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    signedOut.resolve()
    await (await request.response())?.finished()
    await page.evaluate(() => fetch('healthz').then(response => response.text())) // the page has read the presets before
    assert.equal(await page.evaluate(() => localStorage.getItem('darkroom-presets')), 'null')
  })

  test('a failed sign-out shows its error on every page, and the session stays', async () => {
    const key = await createKey({ role: 'operator' })
    await using opened = await open()
    const { page } = opened
    await signInWith(page, key)
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    for (const path of ['/', '/status']) {
      await page.goto(new URL(path, page.url()).href)
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      if (path === '/') await untilLoaded(page)
      await goOffline(page)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.locator('.toast').getByText('Darkroom does not answer').waitFor()
      await assertAccessible(page)
      await page.context().setOffline(false)
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
    }
  })

  test('an upload without a key is kept, and the page asks for a key, on a phone too', async () => {
    const key = await createKey({ owner: 'dora' })
    await using opened = await open('/', { viewport: { width: 360, height: 740 } })
    const { page } = opened
    await page.getByRole('button', { name: 'Cancel' }).click()
    await assertHeaderFits(page)
    await addTo(page, fileOf('early.png', png))
    await page.getByRole('button', { name: 'Cancel' }).click()
    const message = page.locator('.toast')
    assert.match(
      String(await message.textContent()),
      /^This Darkroom requires an API key\. Sign in with your API key\./,
    )
    await assertAccessible(page)
    await message.getByRole('button', { name: 'Sign in' }).click()
    await signInWith(page, key)
    await untilDeveloped(page, 'early.png')
    await assertHeaderFits(page)
  })

  test('when a key is revoked, the page asks for another, and files that are not uploaded yet continue with it', async () => {
    const [first, next] = [await createKey({ owner: 'bob' }), await createKey({ owner: 'bob' })]
    await using opened = await open()
    const { page } = opened
    await signInWith(page, first)
    await page.getByText('The line is still empty').waitFor()
    await page.getByLabel('Collect first').check()
    await addTo(page, fileOf('unsent.png', png))
    await page.getByText('1 image is collected').waitFor()
    await revokeKey(first)
    await page.getByText(/Your key was revoked or has expired/).waitFor()
    await assertAccessible(page)
    await signInWith(page, next)
    await page.getByRole('button', { name: 'Send it' }).click()
    await untilDeveloped(page, 'unsent.png')
  })

  test('when a key is revoked during a large upload, the upload continues with the next key, and sends no piece twice', async () => {
    const [first, next] = [await createKey({ owner: 'gina' }), await createKey({ owner: 'gina' })]
    await using opened = await open()
    const { page } = opened
    await signInWith(page, first)
    await page.getByText('The line is still empty').waitFor()
    const offsets: string[] = []
    page.on('requestfinished', async request => {
      const answer = request.method() === 'PATCH' ? await request.response() : null
      if (answer?.ok()) offsets.push(request.headers()['upload-offset'] ?? '')
    })
    const drop = () => dropTiff(page, 'album.tif', 20 * 1024 * 1024)
    const piece = await holdPiece(page, pieceBytes, drop)
    await revokeKey(first)
    await piece.continue()
    await page.getByText(/Your key was revoked or has expired/).waitFor()
    await rowOf(page, 'album.tif')
      .getByText(/^In line, \d\d % is uploaded$/)
      .waitFor()
    await signInWith(page, next)
    await untilDeveloped(page, 'album.tif')
    assert.equal(new Set(offsets).size, offsets.length, offsets.join())
  })

  test('signing out closes the details of an image, and forgets the file of a trial, in every tab', async () => {
    const key = await createKey({ owner: 'erin' })
    await using opened = await open()
    const { page } = opened
    await signInWith(page, key)
    await page.getByText('The line is still empty').waitFor()
    await addTo(page, fileOf('secret.png', png))
    await untilDeveloped(page, 'secret.png')
    await page.getByRole('button', { name: 'secret.png', exact: true }).click()
    await page.getByRole('slider').waitFor()
    const second = await page.context().newPage()
    await second.goto(page.url())
    await second.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await page.getByText('secret').count(), 0)
  })

  test('a deletion is carried out before its user signs out', async () => {
    const key = await createKey({ owner: 'frank' })
    await using opened = await open()
    const { page } = opened
    await signInWith(page, key)
    await addTo(page, fileOf('regretted.png', png))
    await untilDeveloped(page, 'regretted.png')
    await page.getByRole('button', { name: 'Delete regretted.png' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal(await page.getByText('regretted.png').count(), 0)
    await signInWith(page, key)
    await page.getByText('The line is still empty').waitFor()
  })

  test('an upload that is refused while its user signs in is sent again, and no second key is asked for', async () => {
    const key = await createKey({ owner: 'grace' })
    await using opened = await open()
    const { page } = opened
    const refused = Promise.withResolvers<Route>()
    await page.route('**/images?*', route => refused.resolve(route), { times: 1 })
    await addTo(page, fileOf('early.png', png))
    const early = await refused.promise
    await signInWith(page, key)
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    await early.fulfill({ status: 401, json: { code: 'unauthorized', title: 'A key is required' } })
    await untilDeveloped(page, 'early.png')
    assert.equal(await page.getByRole('heading', { name: 'Sign in' }).count(), 0)
  })

  test('figures are cleared when the operator signs out, and the dashboard asks for a key once', async () => {
    const key = await createKey({ role: 'operator' })
    await using opened = await open('/status')
    const { page } = opened
    await signInWith(page, key)
    await page.getByText('Services and engines').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Sign in with the key of an operator to see').waitFor()
    await assertAccessible(page)
    assert.equal(await page.locator('.tile, .chart, table').count(), 0)
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    await page.clock.install()
    await page.reload()
    await page.getByRole('button', { name: 'Cancel' }).click()
    asked.length = 0
    await page.clock.runFor(60_000)
    assert.deepEqual(
      asked.filter(url => url.endsWith('/stats')),
      [],
    )
    assert.equal(await page.getByRole('heading', { name: 'Sign in' }).count(), 0)
  })

  test('the dashboard asks for the key of an operator, and reads nothing before it has one', async () => {
    const [key, operatorKey] = [await createKey({ owner: 'carol' }), await createKey({ role: 'operator' })]
    await using opened = await open('/status')
    const { page } = opened
    await signInWith(page, key)
    const advice = 'Only operators may do this. Sign out, then sign in with the key of an operator.'
    await page.getByText(advice, { exact: true }).waitFor()
    await assertAccessible(page)
    await page.clock.install()
    await page.reload()
    await page.getByText(advice, { exact: true }).waitFor()
    let readings = 0
    page.on('request', request => {
      if (request.url().endsWith('/stats')) readings++
    })
    await page.clock.runFor(60_000)
    assert.equal(readings, 0)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signInWith(page, operatorKey)
    await page.clock.runFor(1000)
    await page.getByText('Services and engines').waitFor()
  })
}

async function assertHeaderFits(page: Page): Promise<void> {
  const outside = await page.locator('header.top').evaluate(header => {
    const { top, bottom } = header.getBoundingClientRect()
    return [...header.children].flatMap(child => {
      const place = child.getBoundingClientRect()
      return place.top < top || place.bottom > bottom ? [child.outerHTML] : []
    })
  })
  assert.deepEqual(outside, [])
}
