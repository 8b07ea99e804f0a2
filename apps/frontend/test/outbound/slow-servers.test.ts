// Slow: it waits for servers that take eleven seconds to answer.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { startNeighbours } from '@darkroom/image-master/testing'
import { serveHttp } from '@darkroom/testing'
import { readNetworks } from '../../src/outbound/networks.ts'
import { Outbound } from '../../src/outbound/outbound.ts'

const neighbours = startNeighbours({ after })
/** Shorter than the 15 s that a webhook may take, and the 30 s of an import. */
const answerMs = 11_000

suite('a server that takes long to answer', { concurrency: true }, () => {
  for (const method of ['GET', 'POST'] as const)
    test(`a server that takes long to answer a ${method} is waited for until the signal is aborted`, async t => {
      const { url } = await serveHttp(t, (_request, response) => {
        const answering = setTimeout(() => response.end('late'), answerMs)
        response.once('close', () => clearTimeout(answering))
      })
      const { kv } = (await neighbours).clients
      const outbound = new Outbound({ kv, networks: readNetworks('127.0.0.0/8') })
      t.after(() => outbound.close())
      const { body } = await outbound.request(url, { method, signal: AbortSignal.timeout(60_000) })
      assert.equal(await body.text(), 'late')
    })
})
