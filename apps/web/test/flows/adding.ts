import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '@darkroom/testing'
import type { Page } from 'playwright-core'
import { type InBrowser, rowOf, untilDeveloped } from '../in-browser.ts'

/** How files come to the page: pasted, dropped, or picked, alone or in folders. */
export function addingFlows({ open, png }: InBrowser): void {
  test('images are pasted and dropped, and a folder is picked without what is not an image', async () => {
    await using opened = await open()
    const { page } = opened
    const bytes = [...png]
    for (const [kind, name] of [
      ['paste', 'pasted.png'],
      ['drop', 'dropped.png'],
    ] as const)
      await page.evaluate(
        ([event, file, content]) => {
          // WebKit can't read the entry of a file that is only in memory.
          const entry = { isFile: true, fullPath: `/${file}`, file: (_: unknown, fail: () => void) => fail() }
          DataTransferItem.prototype.webkitGetAsEntry = () => entry as unknown as FileSystemEntry
          const transfer = new DataTransfer()
          transfer.items.add(new File([new Uint8Array(content)], file, { type: 'image/png' }))
          dispatchEvent(
            event === 'paste'
              ? new ClipboardEvent('paste', { clipboardData: transfer })
              : new DragEvent('drop', { dataTransfer: transfer }),
          )
        },
        [kind, name, bytes] as const,
      )
    await untilDeveloped(page, 'pasted.png', 'dropped.png')
    await page.evaluate(content => {
      const transfer = new DataTransfer()
      for (const name of ['inside.png', 'notes.txt'])
        transfer.items.add(new File([new Uint8Array(content)], name))
      const input = document.querySelector<HTMLInputElement>('#pick-folder')
      if (!input) throw new Error('there is no picker of folders')
      input.files = transfer.files
      input.dispatchEvent(new Event('change', { bubbles: true }))
    }, bytes)
    await untilDeveloped(page, 'inside.png')
    assert.equal(await rowOf(page, 'notes.txt').count(), 0)
  })

  test('a folder is added in the order of its names, dropped or picked, without what only looks like an image', async t => {
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Collect first').check()
    const folder = temporaryFolder(t)
    const names = ['shore2.png', 'shore10.png', 'west/shore1.png', 'west/shore3.png']
    for (const name of [...names, '._shore2.png', 'notes.txt'].toReversed()) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), png)
    }
    const added = (count: number) =>
      page.locator('.bottom').getByText(`${count} images are collected`).waitFor()
    await dropFiles(page, folder)
    await added(4)
    await page.setInputFiles('#pick-folder', folder)
    await added(8)
    const shown = (await page.locator('.row-name').allTextContents()).slice(0, 8)
    const expected = names.map(name => `${basename(folder)}/${name}`)
    assert.deepEqual(shown, [...expected, ...expected])
  })

  test('a paste without an image is answered with what to do, and a field takes its text', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('Drop images into the tray').waitFor()
    const paste = (target: string, files: number) =>
      page.locator(target).evaluate(
        (element, [count, content]) => {
          const transfer = new DataTransfer()
          transfer.setData('text/plain', 'https://example.org/harbour.png')
          if (count > 0) transfer.items.add(new File([new Uint8Array(content)], 'cells.png'))
          element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }))
        },
        [files, [...png]] as const,
      )
    await page.getByText('Saved recipes').click()
    for (const files of [0, 1]) await paste('#recipe-name', files)
    assert.equal(await page.locator('[role=alert]').count(), 0)
    await paste('.tray', 0)
    await page.getByText('There is no image in the clipboard. Copy the image itself').waitFor()
    await paste('.tray', 1)
    await untilDeveloped(page, 'cells.png')
    assert.equal(await rowOf(page, 'cells.png').count(), 1)
  })

  test('an empty folder or a link that is dropped is answered with what to do, and what a field takes is left to it', async t => {
    await using opened = await open()
    const { page } = opened
    await page.getByText('Drop images into the tray').waitFor()
    await dropFiles(page, temporaryFolder(t))
    await page.getByText('There is no image in this folder. Choose another folder, or files.').waitFor()
    const isTaken = (target: string, type: string) =>
      page.locator(target).evaluate((element, kind) => {
        const transfer = new DataTransfer()
        transfer.setData(kind, 'https://example.org/harbour.png')
        const init = { dataTransfer: transfer, cancelable: true, bubbles: true }
        return !element.dispatchEvent(new DragEvent('drop', init))
      }, type)
    assert.equal(await isTaken('.tray', 'text/plain'), false)
    await page.getByText('Saved recipes').click()
    assert.equal(await isTaken('#recipe-name', 'text/uri-list'), false)
    assert.equal(await isTaken('.tray', 'text/uri-list'), true)
    await page.getByText('A link was dropped, not a file. Save the image, then choose the file.').waitFor()
  })
}

/** Drops a file or a folder of the disk into the tray. */
async function dropFiles(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 300, y: 150, data })
}
