import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codesOf, frontendRoutes, type Route } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import type { Locator, Page } from 'playwright-core'
import { fileOf, goOffline, type InBrowser } from '../in-browser.ts'
import { assertAccessible, assertNotWide } from '../open-page.ts'

export function docsFlows({ open, png, post }: InBrowser): void {
  test('the docs have every route with examples for curl, JavaScript and the command line', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    for (const name of Object.keys(frontendRoutes)) {
      const route = page.locator(`section[id="${name}"]`)
      assert.deepEqual(await route.locator('.examples h4').allTextContents(), [
        'curl',
        'JavaScript',
        'Command line',
      ])
    }
  })

  test('the docs list for each status of a route the problems that come with it, and what to do', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    for (const [name, { schema }] of Object.entries<Route>(frontendRoutes)) {
      const items = await page
        .locator(`section[id="${name}"] .problems > li`)
        .evaluateAll(all =>
          all.map(item => [
            item.querySelector('b')?.textContent,
            ...[...item.querySelectorAll('dt')].map(({ textContent }) => textContent),
          ]),
        )
      const errors = Object.entries(schema.response).filter(([status]) => Number(status) >= 400)
      assert.deepEqual(
        items,
        errors.map(([status, answer]) => [status, ...(codesOf(answer) ?? [])]),
      )
    }
    assert.match((await page.locator('#problems').textContent()) ?? '', /key-required\s*Send Authorization/)
  })

  test('the columns of the tables of the docs are in line, and no table is scrolled or a stop for the keyboard', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    await renderAll(page)
    const tables = await page.locator('.docs section > table').evaluateAll(all =>
      all.map(table => {
        const heads = [...table.querySelectorAll('thead th')]
        return heads.map(head => Math.round(head.getBoundingClientRect().left)).join()
      }),
    )
    assert.ok(tables.length > 30)
    assert.equal(new Set(tables).size, 1, tables.join(' '))
    await page.setViewportSize({ width: 320, height: 800 })
    await assertNotWide(page)
    assert.equal(await page.locator('main [tabindex]').count(), 0)
    await page.locator('details').evaluateAll(all => {
      for (const each of all) (each as HTMLDetailsElement).open = true
    })
    await assertNotWide(page)
  })

  test('no line of an example ends inside an option, on a phone', async () => {
    await using opened = await open('/docs', { viewport: { width: 360, height: 740 } })
    const { page } = opened
    await renderAll(page)
    const options = await page.locator('pre').evaluateAll(examples =>
      examples.flatMap(example =>
        [...example.querySelectorAll('code')].flatMap(code => {
          const text = document.createTreeWalker(code, NodeFilter.SHOW_TEXT)
          const range = document.createRange()
          const found: string[] = []
          while (text.nextNode()) {
            const node = text.currentNode as Text
            for (const { index, 0: option } of node.data.matchAll(/(?<!\S)--?[a-z][a-z-]*/gi)) {
              range.setStart(node, index)
              range.setEnd(node, index + option.length)
              const lines = new Set([...range.getClientRects()].map(({ top }) => top))
              found.push(`${option}: ${lines.size}`)
            }
          }
          return found
        }),
      ),
    )
    assert.ok(options.length > 100, `${options.length}`)
    assert.deepEqual(
      options.filter(option => !option.endsWith(': 1')),
      [],
    )
  })

  test('the rest of a line of an example that does not fit is indented, and no line is empty', async () => {
    await using opened = await open('/docs', { viewport: { width: 320, height: 740 } })
    const { page } = opened
    await renderAll(page)
    const rests = await page.locator('pre').evaluateAll(examples =>
      examples.flatMap(example =>
        [...example.querySelectorAll('.line')].flatMap(line => {
          const range = document.createRange()
          range.selectNodeContents(line)
          const words = [...range.getClientRects()].filter(({ width }) => width > 0)
          const top = Math.min(...words.map(word => word.top))
          const rest = words.filter(word => word.top > top + 4)
          if (rest.length === 0) return []
          const isEmpty = words.every(word => rest.includes(word) || word.width < 20)
          const edgeOf = (part: DOMRect[]) => Math.min(...part.map(({ left }) => left))
          const isIndented = edgeOf(rest) - edgeOf(words) > 20
          return [isEmpty || !isIndented ? line.textContent : '']
        }),
      ),
    )
    assert.ok(rests.length > 100, `${rests.length}`)
    assert.deepEqual(
      rests.filter(rest => rest !== ''),
      [],
    )
    const [copied, written] = await page
      .locator('#createUpload pre')
      .first()
      .evaluate(example => {
        getSelection()?.selectAllChildren(example)
        return [getSelection()?.toString(), example.textContent]
      })
    assert.match(String(written), /^curl \\\n {2}--data-binary/)
    assert.equal(copied, written)
  })

  test('the examples of the docs have the address under which the page was opened', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const { origin } = new URL(page.url())
    const examples = await page.locator('pre > code').allTextContents()
    const addresses = examples.flatMap(example => example.match(/http:\/\/[^/"]+/g) ?? [])
    assert.ok(addresses.length > 0)
    assert.deepEqual([...new Set(addresses)], [origin])
  })

  test('a try that cannot be sent, or is repeated before its end, gets one response, with the reason', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const get = await formOf(page, 'getImage')
    await get.getByLabel('id').fill('none')
    await get.getByLabel('prefer').fill('wait=海')
    await get.getByRole('button').click()
    await get.getByText('The header prefer can contain only Latin letters').waitFor()
    await get.getByLabel('prefer').fill('')
    await get.getByRole('button').click()
    await get.getByText(/^404/).waitFor()

    const follow = await formOf(page, 'followImages')
    const lines = async () => String(await follow.locator('output').textContent())
    await follow.getByRole('button').click()
    await follow.getByText(/retry:/).waitFor()
    await follow.getByRole('button').click()
    await until('the second stream is open', async () => /^200.*\n.*retry:/.test(await lines()))
    const id = await post()
    await until('the image is finished', async () => (await lines()).includes('"finished"'))
    const ends = (await lines()).split('\n').filter(line => line.startsWith('id:') && line.includes(id))
    assert.equal(new Set(ends).size, ends.length, ends.join())
    await goOffline(page)
    await get.getByRole('button').click()
    await get.getByText('Darkroom does not answer').waitFor()
  })

  test('routes are tried from the docs: a listing, an upload, its bytes, and a deletion', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const list = await formOf(page, 'listOperations')
    await list.getByRole('button').click()
    await list.getByText(/^200/).waitFor()

    const upload = await formOf(page, 'uploadImage')
    await upload.getByLabel('Image').setInputFiles([fileOf('try.png', png)])
    await upload.getByLabel('prefer').fill('wait=20')
    await upload.getByRole('button', { name: 'Send' }).click()
    await upload.getByText(/^200/).waitFor()
    const [, id = ''] = /"id": "([^"]+)"/.exec(String(await upload.locator('output').textContent())) ?? []

    const result = await formOf(page, 'getResult')
    await result.getByLabel('id').fill(id)
    await result.getByRole('button').click()
    await result.locator('output img').waitFor()
    await assertAccessible(page)

    const remove = await formOf(page, 'deleteImage')
    await remove.getByText('it changes your Darkroom').waitFor()
    await remove.getByLabel('id').fill(id)
    await remove.getByRole('button').click()
    await remove.getByText(/^204/).waitFor()
  })
}

/** Opens the form of a route. */
async function formOf(page: Page, name: string): Promise<Locator> {
  const section = page.locator(`section[id="${name}"]`)
  await section.locator('summary', { hasText: 'Try it' }).click()
  return section.getByRole('form', { name: `Try ${name}`, exact: true })
}

/**
 * Renders the sections below the window, too. They are measured a frame later: until then, Chromium can lay them out without
 * all of their styles.
 */
async function renderAll(page: Page): Promise<void> {
  await page.locator('section').evaluateAll(async sections => {
    for (const { style } of sections as HTMLElement[]) style.contentVisibility = 'visible'
    await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}
