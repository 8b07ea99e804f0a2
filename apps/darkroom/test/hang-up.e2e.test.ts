import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { after, type TestContext, test } from 'node:test'
import { connectTo, httpRequest, startDarkroom, tiffOf, until } from '@darkroom/testing'
import { kill, prepareFleet, samePort } from './fleet.ts'
import { stored } from './stored.ts'

const MiB = 1024 * 1024
/** The head of a TIFF is shorter. */
const headBytes = 1024
/** More than the header, so that the storage has begun to write. */
const sentBytes = 2 * MiB

// Shared by all tests: each leaves only images that it finished.
const shared = { after }
const darkroom = await startDarkroom(shared)
const fleet = await prepareFleet(shared)
const services = await fleet.startAll()

test('a client that hangs up half-way leaves no file and no task', async t => {
  const { url, dataDir } = darkroom
  for (const [how, headers] of [
    ['raw', {}],
    ['as a form', { 'content-type': 'multipart/form-data; boundary=edge' }],
  ] as const) {
    await t.test(how, async t => {
      const begin = how === 'raw' ? '' : formHead
      const before = await contentOf(url, dataDir)
      const upload = await beginUpload(t, url, dataDir, { headers, begin })
      upload.destroy()
      await untilStored(dataDir, before.files)
      assert.deepEqual(await contentOf(url, dataDir), before)
    })
  }
})

for (const [where, { url, storage }] of Object.entries({
  'in one process': { url: darkroom.url, storage: darkroom.program },
  'in a process each': { url: services.frontend.url, storage: services.storage },
}))
  test(`a client that hangs up during a download leaves no open file, with the services ${where}`, {
    skip: process.platform !== 'linux' && 'needs /proc',
  }, async t => {
    const body = randomFillSync(tiffOf(12 * MiB), headBytes) // so large that a result has a file of its own
    const headers = { prefer: 'wait=50' }
    const uploaded = await httpRequest(url, '/images', { method: 'POST', headers, body })
    const { id, state } = uploaded.json()
    assert.equal(state, 'finished')
    const openFiles = () =>
      readdirSync(`/proc/${storage.pid}/fd`).filter(fd => isOf(String(id), storage.pid, fd))
    await until('the worker has read it', () => openFiles().length === 0)
    for (const path of [`/images/${id}/result`, `/images/${id}/original`, `/images/archive?ids=${id}`])
      await t.test(path.replace(String(id), 'id'), async () => {
        const download = connectTo(t, url)
        download.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
        await once(download, 'data')
        download.pause()
        assert.equal(openFiles().length, 1)
        download.destroy()
        await until('the file is closed', () => openFiles().length === 0)
      })
  })

/** Whether an open file of a process belongs to an image. */
function isOf(id: string, pid: number, fd: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`).includes(id)
  } catch {
    return false // closed since it was listed
  }
}

test('a master that is killed half-way through an upload leaves no file and no task', async t => {
  const { frontend, 'image-master': master } = services
  const before = await contentOf(frontend.url, fleet.dataDir)
  const upload = await beginUpload(t, frontend.url, fleet.dataDir, { headers: {}, begin: '' })
  const answered = new Promise<number | undefined>(resolve => {
    upload.once('response', response => resolve(response.statusCode))
  })
  await kill(master)
  await untilStored(fleet.dataDir, before.files)
  assert.equal(await answered, 503)
  await fleet.start('image-master', samePort(master))
  assert.deepEqual(await contentOf(frontend.url, fleet.dataDir), before)
})

/** The stored files and the images. */
async function contentOf(url: string, dataDir: string) {
  const { images } = (await httpRequest(url, '/images')).json()
  return { files: stored(dataDir).sort(), images: (images as { id: string }[]).map(({ id }) => id) }
}

function untilStored(dataDir: string, files: readonly string[]): Promise<boolean> {
  return until('only the earlier files are stored', () => stored(dataDir).length === files.length)
}

const formHead = '--edge\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n'

/** An upload that stops half-way, once the storage has begun to write it. */
async function beginUpload(
  t: TestContext,
  url: string,
  dataDir: string,
  { headers, begin }: { headers: Record<string, string>; begin: string },
): Promise<ClientRequest> {
  const { length: before } = stored(dataDir)
  const upload = request(`${url}/images`, { method: 'POST', headers, agent: false })
  upload.on('error', () => undefined) // it breaks on purpose
  t.after(() => upload.destroy())
  upload.write(begin)
  upload.write(tiffOf(2 * sentBytes).subarray(0, sentBytes))
  await until('the storage is writing', () => stored(dataDir).length > before)
  return upload
}
