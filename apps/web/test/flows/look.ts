import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { addTo, fileOf, type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'
import { assertAccessible, assertNotWide } from '../open-page.ts'
import { pictureOf, savePicture } from '../pictures.ts'

const prints = {
  'harbour.webp': 'before',
  'evening.webp': 'tint',
  'island.webp': 'greyscale',
  'fog.webp': 'blur',
}

/** Every page in every width and in both colours, and the pictures of README and docs. */
export function lookFlows({ open }: InBrowser): void {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every page is accessible and fits from 360 to 1440 px, ${colorScheme}`, async () => {
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
      await page.waitForFunction(() => document.querySelectorAll('.thumbnail img').length >= 4)
      await savePicture(page, `page-${colorScheme}`)
      await page.goto(new URL('/status', page.url()).href)
      await page.getByText('Services and engines').waitFor()
      await savePicture(page, `status-${colorScheme}`)
    })
  }
}

/** Widths change what is wide, and hardly what is accessible: axe looks at the narrowest. */
async function assertFits(page: Page): Promise<void> {
  for (const width of [1440, 768, 360]) {
    await page.setViewportSize({ width, height: 800 })
    await assertNotWide(page)
  }
  await assertAccessible(page)
  await page.setViewportSize({ width: 1440, height: 800 })
}
