import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { anyone } from '../../src/access/caller.ts'
import { EventStream, eventText } from '../../src/events/event-stream.ts'

test('writing to a stream that has ended, or whose client hung up, does nothing', async t => {
  const server = createServer((_request, response) => {
    const stream = new EventStream(response, { caller: anyone, linkBase: '' })
    stream.write(eventText('state', { number: 1 }))
    stream.end()
    // The connection closes later. Until then, a change may still be written.
    stream.write(eventText('state', { number: 2 }))
    stream.end()
    response.once('close', () => stream.write(eventText('state', { number: 3 })))
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}`)
  const data = (await answer.text()).match(/^data: .*$/gm)
  assert.deepEqual(data, ['data: {"number":1}'])
})
