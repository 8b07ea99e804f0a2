import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { addTo, fileOf, type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible, assertApart, assertNotWide, largeText } from '../open-page.ts'
import { pictureOf, savePicture } from '../pictures.ts'

const prints = {
  'harbour.webp': 'before',
  'evening.webp': 'tint',
  'island.webp': 'greyscale',
  'fog.webp': 'blur',
}

/** Every page in every width and in both colours, and the pictures of README and docs. */
export function lookFlows({ open, openWithSettings, png, post }: InBrowser): void {
  for (const [pointer, pixels] of [
    ['mouse', 24],
    ['finger', 44],
  ] as const)
    test(`every control has ${pixels} px for a ${pointer}, on a phone too`, async () => {
      const viewport = { width: 360, height: 740 }
      await using opened = await open('/', { viewport, hasTouch: pointer === 'finger' })
      const { page } = opened
      await page.locator('#add-step-result:enabled').waitFor()
      await page.getByRole('button', { name: 'Add a variant' }).click()
      await page.locator('.step summary').first().click()
      await page.getByText('Saved recipes').click()
      await page.getByLabel('Save this recipe as').fill('a')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await addTo(page, fileOf('a.png', png), fileOf('b.txt', Buffer.from('no image')))
      await untilDeveloped(page, 'a.png')
      await rowOf(page, 'b.txt').first().getByText('Choose another file').waitFor()
      await assertPressable(page, pixels)
      await page.evaluate(() => scrollTo(0, 0)) // only rows near the window are drawn
      const listTop = () => page.locator('.rows').evaluate(list => list.getBoundingClientRect().top + scrollY)
      const top = await listTop()
      await page.getByLabel('Choose a.png').check()
      await page.getByRole('link', { name: 'Download 1 as zip' }).waitFor()
      assert.equal(await listTop(), top) // the list does not move under the finger
      const [select, button] = await page
        .locator('.images select, .chosen .button')
        .evaluateAll(both => both.map(each => each.getBoundingClientRect().toJSON()))
      assert.ok(button.top - select.bottom >= 8, `${button.top - select.bottom} px`)
      await assertPressable(page, pixels)
      await page.evaluate(() => scrollTo(0, 0))
      await page.getByRole('button', { name: 'a.png', exact: true }).click()
      await page.getByRole('slider').waitFor()
      await assertPressable(page, pixels)
      await page.goto(new URL('/status', page.url()).href)
      await page.getByText('Services and engines').waitFor()
      await assertPressable(page, pixels)
    })

  test('text of twice the usual size has room: rows grow with it, and nothing is wider than the window', async () => {
    await using opened = await openWithSettings(largeText)
    const { page } = opened
    await page.setViewportSize({ width: 720, height: 900 })
    await addTo(page, fileOf('grown.png', png))
    await untilDeveloped(page, 'grown.png')
    const cut = await page.locator('.row').evaluateAll(rows =>
      rows.flatMap(row => {
        const { bottom } = row.getBoundingClientRect()
        const words = [...row.querySelectorAll('.row-words, .row-state')]
        return words.some(each => each.getBoundingClientRect().bottom > bottom) ? [row.textContent] : []
      }),
    )
    assert.deepEqual(cut, [])
    const size = await page
      .locator('h2')
      .first()
      .evaluate(head => getComputedStyle(head).fontSize)
    assert.equal(size, '36px')
    for (const path of ['/', '/docs', '/status']) {
      await page.goto(new URL(path, page.url()).href)
      await assertNotWide(page)
      await assertApart(page, '.top a')
    }
    await page.locator('.tile').first().waitFor()
    const cutTiles = await page
      .locator('.tile')
      .evaluateAll(tiles =>
        tiles.flatMap(tile => (tile.scrollWidth > tile.clientWidth ? [tile.textContent] : [])),
      )
    assert.deepEqual(cutTiles, [])
  })

  test('no part of the page moves if the user prefers reduced motion', async () => {
    await using opened = await open('/', { reducedMotion: 'reduce' })
    const { page } = opened
    await addTo(page, fileOf('still.png', png))
    await untilDeveloped(page, 'still.png')
    await page.locator('.thumbnail canvas').first().waitFor()
    await page.getByRole('button', { name: 'Delete still.png' }).click()
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap(element => {
        const { animationDuration, transitionDuration } = getComputedStyle(element)
        const seconds = Math.max(Number.parseFloat(animationDuration), Number.parseFloat(transitionDuration))
        return seconds > 0.01 ? [`${element.localName}.${element.className}`] : []
      }),
    )
    assert.deepEqual(moving, [])
  })

  test('with the colours of the system, the current page and the bars are still seen', async () => {
    await using opened = await open('/status', { forcedColors: 'active' })
    const { page } = opened
    await page.getByText('Services and engines').waitFor()
    for (const seen of ['.top [aria-current]', '.latency-bar', '.key', '.ready']) {
      const isSeen = await page
        .locator(seen)
        .first()
        .evaluate(
          (element, isMark) => {
            const { backgroundColor } = getComputedStyle(element, isMark ? '::before' : null)
            return backgroundColor !== getComputedStyle(document.body).backgroundColor
          },
          /key|ready/.test(seen),
        )
      assert.ok(isSeen, seen)
    }
    await assertAccessible(page)
  })

  test('with the colours of the system, no text has a backplate of the colour of the page on a filled button', async () => {
    await using opened = await open('/', { forcedColors: 'active' })
    const { page } = opened
    await page.locator('.picker').first().waitFor()
    const adjusted = await page.locator('body *').evaluateAll(elements => {
      const probe = document.body.appendChild(document.createElement('i'))
      probe.style.background = 'Highlight'
      const { backgroundColor: highlight } = getComputedStyle(probe)
      probe.remove()
      return elements
        .filter(each => each.textContent && getComputedStyle(each).backgroundColor === highlight)
        .map(each => `${each.textContent}: ${getComputedStyle(each).forcedColorAdjust}`)
    })
    assert.ok(adjusted.includes('Choose images: none'), adjusted.join())
    assert.deepEqual(
      adjusted.filter(each => !each.endsWith(': none')),
      [],
    )
  })

  test('the names and the short arguments of steps are not cut on a phone', async () => {
    await using opened = await open('/', { viewport: { width: 360, height: 740 }, hasTouch: true })
    const { page } = opened
    await page.locator('#add-step-result:enabled').waitFor()
    for (const name of ['brightness', 'normalise']) await page.selectOption('#add-step-result', name)
    const cut = await page
      .locator('.step-name, .step-values')
      .evaluateAll(names =>
        names.flatMap(name => (name.scrollWidth > name.clientWidth ? [name.textContent] : [])),
      )
    assert.deepEqual(cut, [])
    await assertNotWide(page)
    await page.getByRole('button', { name: 'Add a variant' }).click()
    await page.locator('.step-values').getByText('200 × 200', { exact: true }).waitFor()
  })

  test('the header fits into a narrow phone while the page connects', async () => {
    await using opened = await open('/docs', { viewport: { width: 320, height: 640 } })
    const { page } = opened
    // Requests of a shared worker can't be intercepted.
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
    await page.route('**/images/events*', route => route.abort())
    for (const path of ['/', '/status']) {
      await page.goto(new URL(path, page.url()).href)
      await page.locator('header').getByText('Connecting').waitFor()
      await assertNotWide(page)
    }
  })

  test('with reduced motion, no element changes by a transition', async () => {
    for (const path of ['/', '/status', '/docs']) {
      await using opened = await open(path, { reducedMotion: 'reduce' })
      const transitions = await opened.page.evaluate(() =>
        [...document.querySelectorAll('body *')].map(each => getComputedStyle(each).transitionProperty),
      )
      assert.deepEqual([...new Set(transitions)], ['none'])
    }
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every page is accessible and fits from 360 to 1440 px, ${colorScheme}`, async () => {
      await post()
      await using opened = await open('/', { colorScheme, viewport: { width: 1440, height: 800 } })
      const { page } = opened
      await page.locator('.row').first().waitFor()
      await assertFits(page)
      await page.locator('.row.is-finished .row-name').first().click()
      await page.locator('.slider, .no-preview').first().waitFor()
      await assertFits(page)
      await page.goto(new URL('/status', page.url()).href)
      await page.getByText('Services and engines').waitFor()
      await assertFits(page)
      await page.goto(new URL('/docs', page.url()).href)
      await assertFits(page)
    })

    test(`the page has a picture for the README, ${colorScheme}`, async () => {
      await using opened = await open('/', { colorScheme, viewport: { width: 1200, height: 750 } })
      const { page } = opened
      const files = Object.entries(prints).map(async ([name, picture]) =>
        fileOf(name, await pictureOf(picture)),
      )
      const letter = fileOf('letter.txt', Buffer.from('no image'))
      await addTo(page, ...(await Promise.all(files)), letter)
      await untilDeveloped(page, ...Object.keys(prints))
      await rowOf(page, 'letter.txt').first().getByText('Choose another file').waitFor()
      for (const name of Object.keys(prints))
        await rowOf(page, name).first().locator('.thumbnail canvas').waitFor()
      await page.waitForFunction(() => document.getAnimations().length === 0)
      await savePicture(page, `page-${colorScheme}`)
      await page.goto(new URL('/status?minutes=15', page.url()).href)
      await page.getByText('Services and engines').waitFor()
      await savePicture(page, `status-${colorScheme}`)
    })
  }
}

/**
 * Asserts that every control can be pressed over this number of pixels in both directions. Links in running text are
 * exempt (WCAG 2.2, target size).
 */
async function assertPressable(page: Page, pixels: number): Promise<void> {
  const small = await page.evaluate(side => {
    const top = document.querySelector('dialog[open]') ?? document
    const selector =
      'button:enabled, select:enabled, input:enabled, summary, a.button, header a, nav a, label.button'
    return [...top.querySelectorAll<HTMLElement>(selector)].flatMap(target => {
      const label = target.closest('label')
      if (!target.checkVisibility() || target.matches('.picker input')) return []
      const letters = Number.parseFloat(getComputedStyle(target).fontSize)
      if (side >= 44 && target.matches('input, select') && letters < 16)
        return [`Safari on a phone zooms into ${target.id || target.ariaLabel}: ${letters} px`]
      target.scrollIntoView({ block: 'center', inline: 'center' })
      const { left, top: above, width, height } = (label ?? target).getBoundingClientRect()
      const [x, y] = [left + width / 2, above + height / 2]
      const reach = (byX: number, byY: number) => {
        for (let distance = 1; distance <= side; distance++) {
          const hit = document.elementFromPoint(x + byX * distance, y + byY * distance)
          if (!hit || !(target.contains(hit) || label?.contains(hit))) return distance - 1
        }
        return side
      }
      const [wide, tall] = [reach(-1, 0) + reach(1, 0), reach(0, -1) + reach(0, 1)]
      if (wide >= side - 2 && tall >= side - 2) return [] // sides are rounded to whole pixels
      return [`${target.ariaLabel ?? target.textContent ?? ''} <${target.tagName}>: ${wide} × ${tall}`]
    })
  }, pixels)
  assert.deepEqual(small, [])
}

/** Widths change what is wide, and hardly what is accessible: axe looks at the narrowest. */
async function assertFits(page: Page): Promise<void> {
  for (const width of [1440, 900, 768, 360]) {
    await page.setViewportSize({ width, height: 800 })
    await assertNotWide(page)
    const names = await page.evaluate(() =>
      [...document.querySelectorAll('.row-name span')].flatMap(({ textContent, clientWidth, scrollWidth }) =>
        clientWidth < Math.min(scrollWidth, 90) ? [`${textContent}: ${clientWidth} px`] : [],
      ),
    )
    assert.deepEqual(names, [])
  }
  await assertAccessible(page)
  await page.setViewportSize({ width: 1440, height: 800 })
}
