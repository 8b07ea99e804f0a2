import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { httpRequest, startDarkroom, tiffOf, until } from '@darkroom/testing'
import { prepareFleet } from './fleet.ts'
import { stored } from './stored.ts'

const stallMs = 1000
const settings = { BODY_STALL_MS: String(stallMs), LOG_LEVEL: 'info' }

interface Place {
  url: string
  dataDir: string
  master: { url: string; token: string }
  /** The logs of all services. */
  log(): string
}

const places: Record<string, (t: TestContext) => Promise<Place>> = {
  async 'in one process'(t) {
    const darkroom = await startDarkroom(t, settings)
    return {
      url: darkroom.url,
      dataDir: darkroom.dataDir,
      master: { url: darkroom.urlOf('image-master'), token: darkroom.token },
      log: () => darkroom.program.stdout + darkroom.program.stderr,
    }
  },
  async 'in a process each'(t) {
    const fleet = await prepareFleet(t)
    const services = await fleet.startAll(settings)
    const log = () =>
      Object.values(services)
        .map(({ stdout, stderr }) => stdout + stderr)
        .join('')
    return {
      url: services.frontend.url,
      dataDir: fleet.dataDir,
      master: { url: services['image-master'].url, token: fleet.token },
      log,
    }
  },
}

for (const [where, start] of Object.entries(places)) {
  test(`slow lines, with the services ${where}`, async t => {
    const { url, dataDir, master, log } = await start(t)
    const image = tiffOf(4 * 1024 * 1024)

    await t.test(
      'an upload that stalls is aborted with 408, leaves nothing, and is one line in all logs',
      async t => {
        const linesBefore = problemLines(log())
        const upload = beginUpload(t, `${url}/images`, image.length)
        const answered = once(upload, 'response')
        upload.write(image.subarray(0, image.length / 2))
        await until('the storage is writing', () => stored(dataDir).length > 0)
        const [response] = await answered
        assert.equal(response.statusCode, 408)
        assert.match(await text(response), /request-timeout/)
        await until('nothing is stored', () => stored(dataDir).length === 0)
        assert.deepEqual((await httpRequest(url, '/images')).json().images, [])
        await until('it is in the log', () => linesOf(log()).some(isAborted))
        await delay(2 * stallMs) // after which an internal service would abort, too
        const aborted = linesOf(log()).filter(isAborted)
        assert.deepEqual(
          aborted.map(({ service }) => service),
          ['frontend'],
        )
        assert.deepEqual(problemLines(log()).slice(linesBefore.length), [])
      },
    )

    // Master and storage have the same limits: either may abort first.
    await t.test('an upload past the frontend that stalls is aborted with 408, too', async t => {
      const linesBefore = problemLines(log())
      const upload = beginUpload(t, `${master.url}/newImage`, image.length, {
        authorization: `Bearer ${master.token}`,
      })
      const answered = once(upload, 'response')
      upload.write(image.subarray(0, image.length / 2))
      const [response] = await answered
      assert.equal(response.statusCode, 408)
      assert.match(await text(response), /request-timeout/)
      await until('nothing is stored', () => stored(dataDir).length === 0)
      assert.deepEqual(problemLines(log()).slice(linesBefore.length), [])
    })

    await t.test('a steady upload is accepted, although it lasts longer than any limit', async t => {
      const upload = beginUpload(t, `${url}/images`, image.length)
      const answered = once(upload, 'response')
      const pieces = 30
      for (let piece = 0; piece < pieces; piece++) {
        const at = (n: number) => Math.round((n * image.length) / pieces)
        upload.write(image.subarray(at(piece), at(piece + 1)))
        await delay(stallMs / 6)
      }
      upload.end()
      const [response] = await answered
      assert.equal(response.statusCode, 202, await text(response))
    })
  })
}

function beginUpload(
  t: TestContext,
  url: string,
  bytes: number,
  given: Record<string, string> = {},
): ClientRequest {
  const headers = { ...given, 'content-length': bytes }
  const upload = request(url, { method: 'POST', headers, agent: false })
  upload.on('error', () => undefined) // it may be aborted
  t.after(() => upload.destroy())
  return upload
}

interface Line {
  level: number
  service: string
  msg: string
}

function linesOf(log: string): Line[] {
  return log.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line)] : []))
}

function isAborted({ msg }: Line): boolean {
  return msg.startsWith('request aborted')
}

/** Warnings and errors. */
function problemLines(log: string): string[] {
  return linesOf(log)
    .filter(({ level }) => level >= 40)
    .map(({ service, msg }) => `${service}: ${msg}`)
}
