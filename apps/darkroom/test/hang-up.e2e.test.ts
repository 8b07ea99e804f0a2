import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { generateImage, httpRequest, startDarkroom, until } from '@darkroom/testing'
import { kill, prepareFleet } from './fleet.ts'
import { stored } from './stored.ts'

/** More than the header, so that the storage has begun to write. */
const sentBytes = 2 * 1024 * 1024

test('a client that hangs up half-way leaves no file and no task', async t => {
  const { url, dataDir } = await startDarkroom(t)
  for (const [how, headers] of [
    ['raw', {}],
    ['as a form', { 'content-type': 'multipart/form-data; boundary=edge' }],
  ] as const) {
    await t.test(how, async t => {
      const begin = how === 'raw' ? '' : formHead
      const upload = await beginUpload(t, url, dataDir, { headers, begin })
      upload.destroy()
      await until('nothing is stored', () => stored(dataDir).length === 0)
      assert.deepEqual((await httpRequest(url, '/images')).json().images, [])
    })
  }
})

for (const [where, start] of Object.entries({
  async 'in one process'(t: TestContext) {
    const { url, program } = await startDarkroom(t)
    return { url, storage: program }
  },
  async 'in a process each'(t: TestContext) {
    const { frontend, storage } = await (await prepareFleet(t)).startAll()
    return { url: frontend.url, storage }
  },
}))
  test(`a client that hangs up during a download leaves no open file, with the services ${where}`, {
    skip: process.platform !== 'linux' && 'needs /proc',
  }, async t => {
    const { url, storage } = await start(t)
    const body = await generateImage({ kind: 'png-16-bit', width: 1600, height: 1200, seed: 1 })
    const headers = { prefer: 'wait=50' }
    const uploaded = await httpRequest(url, '/images', { method: 'POST', headers, body })
    const { id, state } = uploaded.json()
    assert.equal(state, 'finished')
    const openFiles = () =>
      readdirSync(`/proc/${storage.pid}/fd`).filter(fd => isOf(String(id), storage.pid, fd))
    await until('the worker has read it', () => openFiles().length === 0)
    for (const path of [`/images/${id}/result`, `/images/${id}/original`, `/images/archive?ids=${id}`])
      await t.test(path.replace(String(id), 'id'), async () => {
        const download = connect(Number(new URL(url).port), '127.0.0.1')
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
  const fleet = await prepareFleet(t)
  const { frontend, 'image-master': master } = await fleet.startAll()
  const upload = await beginUpload(t, frontend.url, fleet.dataDir, { headers: {}, begin: '' })
  const answered = new Promise<number | undefined>(resolve => {
    upload.once('response', answer => resolve(answer.statusCode))
  })
  await kill(master)
  await until('nothing is stored', () => stored(fleet.dataDir).length === 0)
  assert.equal(await answered, 503)
  assert.deepEqual((await httpRequest(frontend.url, '/images')).json().images, [])
})

const formHead = '--edge\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n'

/** An upload that stops half-way, once the storage has begun to write it. */
async function beginUpload(
  t: TestContext,
  url: string,
  dataDir: string,
  { headers, begin }: { headers: Record<string, string>; begin: string },
): Promise<ClientRequest> {
  const image = await generateImage({ kind: 'png-16-bit', width: 1000, height: 800, seed: 1 })
  const upload = request(`${url}/images`, { method: 'POST', headers, agent: false })
  upload.on('error', () => undefined) // it breaks on purpose
  t.after(() => upload.destroy())
  upload.write(begin)
  upload.write(image.subarray(0, sentBytes))
  await until('the storage is writing', () => stored(dataDir).length > 0)
  return upload
}
