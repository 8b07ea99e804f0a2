import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'

/** A name that isn't a secure context: the page must work over plain http in a local network. */
export const lanName = 'darkroom.test'

export const browserArguments = ['--no-sandbox', `--host-resolver-rules=MAP ${lanName} 127.0.0.1`]

export interface OpenedPage extends AsyncDisposable {
  page: Page
}

/** Opens a page in its own profile. Closing it fails if the page had errors, or broke a security policy. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  return openIn(await browser.newContext({ ...calm, ...options }), url)
}

const calm = { reducedMotion: 'reduce' } as const

/** Settings of the browser: all cookies are blocked, and with them every kind of storage. */
export const withoutStorage = { profile: { default_content_setting_values: { cookies: 2 } } }

/** Settings of the browser: text is twice as large as usual. */
export const largeText = { webkit: { webprefs: { default_font_size: 32 } } }

/** Opens a page in a browser of its own, with other settings. */
export async function openWithSettings(
  settings: object,
  executablePath: string,
  profile: string,
  url: string,
): Promise<OpenedPage> {
  mkdirSync(join(profile, 'Default'))
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(settings))
  const options = { ...calm, executablePath, args: browserArguments }
  return openIn(await chromium.launchPersistentContext(profile, options), url)
}

async function openIn(context: BrowserContext, url: string): Promise<OpenedPage> {
  context.setDefaultTimeout(60_000) // on a busy machine
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => {
    if (/Content Security Policy/i.test(message.text())) errors.push(message.text())
  })
  await page.goto(url)
  return {
    page,
    async [Symbol.asyncDispose]() {
      if (!page.isClosed()) await page.unrouteAll({ behavior: 'ignoreErrors' })
      await context.close()
      assert.deepEqual(errors, [])
    },
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Asserts that axe finds nothing, and that nothing is wider than the window. */
export async function assertAccessible(page: Page): Promise<void> {
  // An element that fades in has little contrast. The glow of an image that is developed has no end.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ effect }) => effect?.getTiming().iterations === Number.POSITIVE_INFINITY),
  )
  // A document keeps it: reading it takes as long as checking a small page.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: AxeApi }
    // Violations are complete; other results, which take a fifth of the time, are not.
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
  assert.deepEqual(findings, [])
  await assertLists(page)
  await assertNotWide(page)
}

/** Asserts that lists have a role: outside of navigation, WebKit ignores lists without markers that have none. */
async function assertLists(page: Page): Promise<void> {
  const lists = page.locator('ul, ol').and(page.locator(':not([role="list"], nav *)'))
  assert.deepEqual(await lists.evaluateAll(all => all.map(({ outerHTML }) => outerHTML.slice(0, 100))), [])
}

/** Asserts that nothing is wider than the window, or than the dialog that is open. */
export async function assertNotWide(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const frames = [document.documentElement, ...document.querySelectorAll('dialog[open]')]
    return frames.flatMap(frame => {
      const { localName, scrollWidth, clientWidth } = frame
      if (scrollWidth <= clientWidth) return []
      const end = frame.getBoundingClientRect().left + clientWidth
      const elements = [...frame.querySelectorAll('body *, dialog *')]
      const isOutside = (element: Element) => element.getBoundingClientRect().right > end
      const outside = elements.filter(isOutside).map(element => `${element.localName}.${element.className}`)
      return [`${localName}: ${scrollWidth} px in ${clientWidth} px`, ...outside]
    })
  })
  assert.deepEqual(tooWide, [])
}

/** Asserts that no two of these elements overlap. */
export async function assertApart(page: Page, selector: string): Promise<void> {
  const overlapping = await page.locator(selector).evaluateAll(all => {
    const shown = all.filter(each => each.checkVisibility())
    return shown.flatMap((one, at) =>
      shown.slice(at + 1).flatMap(other => {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
        const isApart =
          a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1
        return isApart ? [] : [`${one.textContent} / ${other.textContent}`]
      }),
    )
  })
  assert.deepEqual(overlapping, [])
}

interface AxeApi {
  run(options: {
    resultTypes: string[]
  }): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}
