import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import {
  freePortRange,
  generateImage,
  httpRequest,
  mainOf,
  startDarkroom,
  startProgram,
  tiffOf,
  until,
  withEngine,
} from '@darkroom/testing'
import { chromium, type Page } from 'playwright-core'
import { buildPage } from './build.ts'
import { assertAccessible, browserArguments, lanName, openPage } from './open-page.ts'
import { pictureOf, savePicture } from './pictures.ts'

/* One browser and one Darkroom for all: a start of either costs more than most of these tests. */
await withEngine('chromium', async executablePath => {
  buildPage()
  const port = String(await freePortRange(7))
  const lan = `http://${lanName}:${port}`
  const local = `http://127.0.0.1:${port}`
  const darkroom = await startDarkroom(
    { after: after as TestContext['after'] },
    { PORT: port, PUBLIC_URL: `${lan},${local},${lan}/darkroom` },
  )
  const browser = await chromium.launch({ executablePath, args: browserArguments })
  after(() => browser.close())

  const png = Buffer.from(
    new Uint8Array(await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })),
  )
  const photo = await pictureOf('before')
  const file = (name: string, buffer: Buffer = png) => ({ name, mimeType: '', buffer })
  const rowOf = (page: Page, name: string) => page.locator('.row', { hasText: name })
  const add = (page: Page, ...files: ReturnType<typeof file>[]) => page.setInputFiles('#pick-files', files)

  suite('the page', { concurrency: false }, () => {
    test('an image is uploaded, developed, compared by keyboard, and downloaded', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await page.getByText('The line is still empty').waitFor()
      await assertAccessible(page)
      await add(page, file('harbour.webp', photo))
      await rowOf(page, 'harbour.webp')
        .getByText(/^Developed/)
        .waitFor()

      await page.getByRole('button', { name: 'harbour.webp', exact: true }).press('Enter')
      const slider = page.getByRole('slider')
      await slider.press('End')
      assert.equal(await slider.getAttribute('aria-valuetext'), '100 % original, 0 % developed')
      await page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLImageElement>('.slider img')].every(
          image => image.naturalWidth > 0,
        ),
      )
      await assertAccessible(page)
      await page.keyboard.press('Escape')

      const download = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download harbour.webp' }).click()
      assert.equal((await download).suggestedFilename(), 'harbour.webp')
    })

    test('a file that is not an image is refused with a clear error, and the other uploads continue', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await add(page, file('notes.txt', Buffer.from('no image')), file('photo.png'))
      await rowOf(page, 'photo.png')
        .getByText(/^Developed/)
        .waitFor()
      await rowOf(page, 'notes.txt')
        .getByText(/Choose a JPEG, PNG/)
        .waitFor()
      await assertAccessible(page)
    })

    test('a deletion can be undone for a while, and then the image is gone', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await add(page, file('away.png'))
      await rowOf(page, 'away.png')
        .getByText(/^Developed/)
        .waitFor()
      const id = await imageIdOf(page, 'away.png')
      await page.getByRole('button', { name: 'Delete away.png' }).click()
      await page.getByRole('button', { name: 'Undo' }).click()
      await rowOf(page, 'away.png').waitFor()
      assert.equal(await statusOf(id), 200)
      await page.getByRole('button', { name: 'Delete away.png' }).click()
      // A user who leaves the page has not undone the deletion.
      await page.goto('about:blank')
      await until('the image is deleted', async () => (await statusOf(id)) === 404)
    })

    test('the recipe is built, reordered, saved, tried, and applied', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await page.locator('#add-step option', { hasText: 'resize' }).waitFor({ state: 'attached' })
      for (const name of ['resize', 'greyscale']) await page.selectOption('#add-step', name)
      await page.getByText('resize', { exact: true }).first().click()
      await page.getByLabel('Width').fill('30')
      await page.getByLabel('Width').press('Tab')
      await page.getByRole('button', { name: 'Move greyscale up' }).click()
      await assertAccessible(page)
      assert.deepEqual(await page.locator('.step-name').allTextContents(), [
        'swap-channels',
        'greyscale',
        'resize',
      ])
      await page.getByText('Saved recipes').click()
      await page.getByLabel('Save these steps as').fill('Small and grey')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.setInputFiles('#try-file', file('try.png', photo))
      await page.getByRole('slider').waitFor()
      await add(page, file('small.png'))
      await rowOf(page, 'small.png')
        .getByText(/^Developed/)
        .waitFor()
      const { operations, result } = await imageOf(page, 'small.png')
      assert.deepEqual(
        operations.map(({ name }) => name),
        ['swap-channels', 'greyscale', 'resize'],
      )
      assert.equal(result?.width, 30)
    })

    test('the history is filtered by the URL, and the browser goes back', async () => {
      await using opened = await openPage(browser, `${lan}/?state=failed`)
      const { page } = opened
      await page.getByText('Nothing failed').waitFor()
      await page.getByRole('link', { name: 'Finished' }).click()
      await page.waitForURL(/state=finished/)
      await page.locator('.row').first().waitFor()
      await page.goBack()
      await page.getByText('Nothing failed').waitFor()
    })

    test('two tabs show what another client uploads, as it happens', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      const second = await page.context().newPage()
      await second.goto(lan)
      for (const tab of [page, second]) await tab.getByText('Live', { exact: true }).waitFor()
      const { id } = (await post()).json() as { id: string }
      for (const tab of [page, second])
        await rowOf(tab, `Image ${id.slice(-6)}`)
          .getByText(/^Developed/)
          .waitFor()
    })

    test('a paused intake is shown with a countdown, and the upload continues by itself', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      const set = (state: string) =>
        darkroom.ask('cluster-state', `/registers/intake/set/${state}`, { method: 'POST' })
      await set('paused')
      try {
        await until('the intake is paused', async () => (await post()).status === 503)
        await add(page, file('patient.png'))
        await page.getByText(/An operator has paused uploads/).waitFor()
        await page
          .locator('.countdown')
          .getByText(/^\d+ s$/)
          .waitFor()
        await assertAccessible(page)
      } finally {
        await set('open')
      }
      await rowOf(page, 'patient.png')
        .getByText(/^Developed/)
        .waitFor()
    })

    test('a kill of Darkroom during uploads and events loses nothing', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await page.getByText('Live', { exact: true }).waitFor()
      await darkroom.kill()
      await page.getByText('Connecting').waitFor()
      await add(page, file('survivor.png'), file('second.png'))
      await page.getByText('Darkroom does not answer').waitFor()
      await darkroom.restart()
      for (const name of ['survivor.png', 'second.png'])
        await rowOf(page, name)
          .getByText(/^Developed/)
          .waitFor()
      await page.getByText('Live', { exact: true }).waitFor({ timeout: 60_000 })
    })

    test('a large upload continues after a reload, and sends no piece twice', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      page.on('dialog', dialog => void dialog.accept())
      const offsets: string[] = []
      page.on('request', request => {
        if (request.method() === 'PATCH') offsets.push(request.headers()['upload-offset'] ?? '')
      })
      const network = await page.context().newCDPSession(page)
      await network.send('Network.enable')
      const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2_500_000 }
      await network.send('Network.emulateNetworkConditions', slow)
      // A TIFF, which the browser can't show.
      await add(page, file('large.tif', tiffOf(12 * 1024 * 1024)))
      await rowOf(page, 'large.tif')
        .getByText(/^Uploading [789]\d %/)
        .waitFor()
      await page.reload()
      await rowOf(page, 'large.tif')
        .getByText(/^Developed/)
        .waitFor()
      assert.deepEqual(offsets, ['0', '8388608', '8388608'])
    })

    test('10 000 files stay under 150 MB, and few rows are in the document', async () => {
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await page.getByLabel('Collect first').check()
      await page.evaluate(() => {
        const transfer = new DataTransfer()
        for (let at = 0; at < 10_000; at++)
          transfer.items.add(new File([new Uint8Array(100)], `image-${at}.png`, { type: 'image/png' }))
        dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }))
      })
      await page.getByText('10000 images are collected').waitFor()
      assert.ok((await page.locator('.row').count()) < 60)
      await page.mouse.wheel(0, 400_000)
      await page
        .getByText(/^image-5\d{3}\.png$/)
        .first()
        .waitFor()
      const session = await page.context().newCDPSession(page)
      await session.send('HeapProfiler.collectGarbage')
      await session.send('Performance.enable')
      const { metrics } = await session.send('Performance.getMetrics')
      const used = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0
      assert.ok(used < 150 * 1024 * 1024, `${Math.round(used / 1024 / 1024)} MB`)
    })

    test('the page works under a path of a proxy', async () => {
      await using opened = await openPage(browser, `${lan}/darkroom`)
      const { page } = opened
      await page.waitForURL(`${lan}/darkroom/`)
      await add(page, file('below.png'))
      await rowOf(page, 'below.png')
        .getByText(/^Developed/)
        .waitFor()
      await page.getByRole('link', { name: 'Status' }).click()
      await page.getByText('Services and engines').waitFor()
    })

    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [360, 1440])
        test(`every page is accessible and fits, ${colorScheme}, ${width} px`, async () => {
          const viewport = { width, height: 800 }
          await using opened = await openPage(browser, lan, { colorScheme, viewport })
          const { page } = opened
          await page.locator('.row').first().waitFor()
          await assertAccessible(page)
          await page.goto(`${lan}/status`)
          await page.getByText('Services and engines').waitFor()
          await assertAccessible(page)
          await page.goto(`${lan}/docs`)
          await assertAccessible(page)
        })

    for (const colorScheme of ['light', 'dark'] as const)
      test(`the page has a picture for the README, ${colorScheme}`, async () => {
        const viewport = { width: 1200, height: 750 }
        await using opened = await openPage(browser, lan, { colorScheme, viewport })
        const { page } = opened
        const prints = {
          'harbour.webp': 'before',
          'evening.webp': 'tint',
          'island.webp': 'greyscale',
          'fog.webp': 'blur',
        }
        const files = Object.entries(prints).map(async ([name, picture]) =>
          file(name, await pictureOf(picture)),
        )
        await add(page, ...(await Promise.all(files)), file('letter.txt', Buffer.from('no image')))
        for (const name of Object.keys(prints))
          await rowOf(page, name)
            .getByText(/^Developed/)
            .first()
            .waitFor()
        await page.waitForFunction(() => document.querySelectorAll('.thumbnail img').length >= 4)
        await savePicture(page, `page-${colorScheme}`)
        await page.goto(`${lan}/status`)
        await page.getByText('Services and engines').waitFor()
        await savePicture(page, `status-${colorScheme}`)
      })

    test('a route is tried from the docs', async () => {
      await using opened = await openPage(browser, `${lan}/docs#listOperations`)
      const { page } = opened
      const form = page.getByRole('form', { name: 'Try listOperations' })
      await form.getByRole('button').click()
      await form.getByText(/^200/).waitFor()
    })

    // The last one: the first key closes this Darkroom to everybody without a key.
    test('a user who signs in with a key sees the images of its owner, and nothing after signing out', async () => {
      const key = await createKey('alice')
      await using opened = await openPage(browser, lan)
      const { page } = opened
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await assertAccessible(page)
      await page.getByLabel('API key').fill(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)
      await page.getByRole('button', { name: 'Sign in' }).last().click()
      await page.getByRole('alert').first().waitFor()
      await assertAccessible(page)
      await page.getByLabel('API key').fill(key)
      await page.getByRole('button', { name: 'Sign in' }).last().click()
      await page.getByText('The line is still empty').waitFor()
      await add(page, file('mine.png'))
      await rowOf(page, 'mine.png')
        .getByText(/^Developed/)
        .waitFor()
      const second = await page.context().newPage()
      await second.goto(lan)
      await second.locator('.row').first().waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      for (const tab of [page, second]) {
        await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
        assert.equal(await tab.locator('.row').count(), 0)
      }
    })
  })

  async function createKey(owner: string): Promise<string> {
    const command = ['keys', 'create', '--role', 'user', '--owner', owner]
    const own = { after: after as TestContext['after'] }
    const program = startProgram(own, [process.execPath, mainOf('darkroom'), ...command], darkroom.env)
    assert.deepEqual(await program.ended, { code: 0, signal: null }, program.stderr)
    const [key] = /dk_\w+/.exec(program.stdout) ?? []
    assert.ok(key, program.stdout)
    return key
  }

  function post() {
    return httpRequest(local, '/images', { method: 'POST', body: png })
  }

  async function statusOf(id: string): Promise<number> {
    return (await httpRequest(local, `/images/${id}`)).status
  }

  async function imageIdOf(page: Page, name: string): Promise<string> {
    await page.getByRole('button', { name, exact: true }).click()
    const id = await page.locator('.facts .id').textContent()
    await page.keyboard.press('Escape')
    return id ?? ''
  }

  async function imageOf(page: Page, name: string) {
    const answer = await httpRequest(local, `/images/${await imageIdOf(page, name)}`)
    return answer.json() as { operations: { name: string }[]; result?: { width: number } }
  }
})
