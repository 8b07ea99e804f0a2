import assert from 'node:assert/strict'
import process from 'node:process'
import { after } from 'node:test'
import {
  childrenOf,
  commandLine,
  type Darkroom,
  findProgram,
  freePort,
  freePortRange,
  generateImage,
  httpRequest,
  pauseProcess,
  startDarkroom,
  startProgram,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import { type BrowserContextOptions, chromium, type Locator, type Page, type Route } from 'playwright-core'
import { browserArguments, lanName, type OpenedPage, openPage, openWithSettings } from './open-page.ts'
import { pictureOf } from './pictures.ts'

/** Chromium without a user interface: opens a page in a third of the CPU time, and ignores the settings of a profile. */
const headlessShell = 'chromium-headless-shell'

const owner = { after }

interface TestFile {
  name: string
  mimeType: string
  buffer: Buffer
}

/** One browser and one Darkroom for all flows: a start of either costs more than most of the tests. */
export interface InBrowser {
  darkroom: Darkroom
  /** On plain http under a name, which is not a secure context. */
  lan: string
  /** Where requests of the tests themselves go. */
  local: string
  /** The port on which nginx is to offer https, under the path /darkroom. */
  tlsPort: number
  png: Buffer
  photo: Buffer
  open(path?: string, options?: BrowserContextOptions): Promise<OpenedPage>
  /** Opens the page in a browser of its own, with other settings. */
  openWithSettings(settings: object): Promise<OpenedPage>
  /** Uploads without the page. */
  post(query?: string): Promise<string>
  /** Deletes without the page. */
  remove(id: string): Promise<void>
  statusOf(id: string): Promise<number>
  listIds(): Promise<string[]>
  imageOf(id: string): Promise<ImageDocument>
  /** The first key closes this Darkroom to everybody without a key. */
  createKey(options: { role?: string; owner?: string }): Promise<string>
  revokeKey(key: string): Promise<void>
  /** Sets a live setting of the master until the end of the scope. */
  withSetting(name: string, value: number): Promise<AsyncDisposable>
  /** Pauses the worker until the end of the scope, so that no image is developed. */
  pauseWorker(): Promise<Disposable>
}

interface ImageDocument {
  state: string
  preset?: string
  operations?: { name: string }[]
  result?: { width: number; contentType: string }
  variants?: Record<
    string,
    { operations?: { name: string }[]; result?: { width: number; contentType: string } }
  >
}

export async function startInBrowser(executablePath: string): Promise<InBrowser> {
  const port = String(await freePortRange(7))
  const tlsPort = await freePort()
  const lan = `http://${lanName}:${port}`
  const local = `http://127.0.0.1:${port}`
  const darkroom = await startDarkroom(owner, {
    PORT: port,
    PUBLIC_URL: `${lan},${local},${lan}/darkroom,https://${lanName}:${tlsPort}/darkroom`,
    TRUST_PROXY: 'loopback',
    THREADS: '1', // so that a queue forms
  })
  const browser = await chromium.launch({
    executablePath: findProgram(headlessShell) ?? executablePath,
    args: browserArguments,
  })
  after(() => browser.close())
  const png = Buffer.from(
    new Uint8Array(await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })),
  )
  let operatorKey: Promise<string> | undefined
  const asOperator = async (method: string, path: string, body?: object) => {
    operatorKey ??= createFirstKey(darkroom)
    const headers = {
      authorization: `Bearer ${await operatorKey}`,
      ...(body && { 'content-type': 'application/json' }),
    }
    const json = body && Buffer.from(JSON.stringify(body))
    return httpRequest(local, path, { method, headers, ...(json && { body: json }) })
  }
  return {
    ...{ darkroom, lan, local, tlsPort, png },
    photo: await pictureOf('before'),
    open: (path = '/', options = {}) => openPage(browser, new URL(path, lan).href, options),
    openWithSettings: settings => openWithSettings(settings, executablePath, temporaryFolder(owner), lan),
    async post(query = '') {
      const response = await httpRequest(local, `/images${query}`, { method: 'POST', body: png })
      assert.equal(response.status, 202, String(response.body))
      return String(response.json().id)
    },
    async remove(id) {
      assert.equal((await httpRequest(local, `/images/${id}`, { method: 'DELETE' })).status, 204)
    },
    statusOf: async id => (await httpRequest(local, `/images/${id}`)).status,
    async listIds() {
      const { images } = (await httpRequest(local, '/images')).json() as { images: { id: string }[] }
      return images.map(({ id }) => id)
    },
    imageOf: async id => (await httpRequest(local, `/images/${id}`)).json() as unknown as ImageDocument,
    async createKey(options) {
      const response = await asOperator('POST', '/keys', options)
      assert.equal(response.status, 201, String(response.body))
      return String(response.json().key)
    },
    async revokeKey(key) {
      const response = await asOperator('DELETE', `/keys/${key.split('_')[1]}`)
      assert.equal(response.status, 204, String(response.body))
    },
    async withSetting(name, value) {
      const path = `/key/config/image-master/${name}`
      await darkroom.ask('kv-config', path, { method: 'PUT', body: Buffer.from(String(value)) })
      return {
        [Symbol.asyncDispose]: async () => void (await darkroom.ask('kv-config', path, { method: 'DELETE' })),
      }
    },
    async pauseWorker() {
      const [worker] = childrenOf(darkroom.program.pid)
      assert.ok(worker)
      await pauseProcess(worker)
      return { [Symbol.dispose]: () => void process.kill(worker, 'SIGCONT') }
    },
  }
}

async function createFirstKey({ env }: Darkroom): Promise<string> {
  const command = [process.execPath, commandLine, 'keys', 'create', '--role', 'operator'] as const
  const program = startProgram(owner, command, env)
  assert.deepEqual(await program.ended, { code: 0, signal: null }, program.stderr)
  const [key] = /dk_\w+/.exec(program.stdout) ?? []
  assert.ok(key, program.stdout)
  return key
}

export function fileOf(name: string, buffer: Buffer): TestFile {
  return { name, mimeType: '', buffer }
}

export function addTo(page: Page, ...files: TestFile[]): Promise<void> {
  return page.setInputFiles('#pick-files', files)
}

/** Waits for the part of the page of images that is loaded last: its messages. */
export function untilLoaded(page: Page): Promise<void> {
  return page.locator('.bottom').waitFor({ state: 'attached' })
}

/** Takes the page off the network. The browser answers before its network process has done this. */
export async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true)
  await until('requests of the page fail', () =>
    page.evaluate(() =>
      fetch('/healthz').then(
        () => false,
        () => true,
      ),
    ),
  )
}

export function rowOf(page: Page, name: string): Locator {
  return page.locator('.row', { hasText: name })
}

export async function untilDeveloped(page: Page, ...names: string[]): Promise<void> {
  for (const name of names)
    await rowOf(page, name)
      .getByText(/^Developed/)
      .first()
      .waitFor()
}

/** The id of an image of the list, as its details show it. */
export async function idOf(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name, exact: true }).click()
  const id = await page.locator('.facts .id').textContent()
  await page.keyboard.press('Escape')
  return id ?? ''
}

/**
 * Drops a TIFF of this size. It is made in the page, because passing large files there is slow. Its picture is small, so
 * that it is soon developed; nothing reads the bytes that follow.
 */
export async function dropTiff(page: Page, name: string, bytes: number): Promise<void> {
  const tiff = tiffOf(256 * 1024)
  const head = [...tiff.subarray(0, 256)]
  await page.evaluate(
    ([file, start, length, filler]) => {
      const content = new Uint8Array(length).fill(filler)
      content.set(start)
      const transfer = new DataTransfer()
      transfer.items.add(new File([content], file))
      dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }))
    },
    [name, head, bytes, tiff.at(-1) ?? 0] as const,
  )
}

/** The size of the pieces in which the page sends large files. */
export const pieceBytes = 8 * 1024 * 1024

/** Begins uploads, and keeps the first request that sends a piece from this byte on away from the server. */
export async function holdPiece(page: Page, offset: number, begin: () => Promise<void>): Promise<Route> {
  const held = Promise.withResolvers<Route>()
  let isHeld = false
  await page.route('**/uploads/*', async route => {
    if (isHeld || route.request().headers()['upload-offset'] !== String(offset)) return route.continue()
    isHeld = true
    held.resolve(route)
  })
  await begin()
  return held.promise
}
