import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frontendRoutes } from '@darkroom/contracts'
import { fileOf, type InBrowser } from '../in-browser.ts'
import { assertAccessible } from '../open-page.ts'

export function docsFlows({ open, png }: InBrowser): void {
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

  test('routes are tried from the docs: one that reads, an upload, its bytes, and one that deletes', async () => {
    await using opened = await open('/docs')
    const { page } = opened
    const form = async (name: string) => {
      await page.locator(`section[id="${name}"] summary`, { hasText: 'Try it' }).click()
      return page.getByRole('form', { name: `Try ${name}`, exact: true })
    }
    const list = await form('listOperations')
    await list.getByRole('button').click()
    await list.getByText(/^200/).waitFor()

    const upload = await form('uploadImage')
    await upload.getByLabel('Image').setInputFiles([fileOf('try.png', png)])
    await upload.getByLabel('prefer').fill('wait=20')
    await upload.getByRole('button', { name: 'Send' }).click()
    await upload.getByText(/^200/).waitFor()
    const [, id = ''] = /"id": "([^"]+)"/.exec(String(await upload.locator('output').textContent())) ?? []

    const result = await form('getResult')
    await result.getByLabel('id').fill(id)
    await result.getByRole('button').click()
    await result.locator('output img').waitFor()
    await assertAccessible(page)

    const remove = await form('deleteImage')
    await remove.getByText('it changes your Darkroom').waitFor()
    await remove.getByLabel('id').fill(id)
    await remove.getByRole('button').click()
    await remove.getByText(/^204/).waitFor()
  })
}
