import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { InvalidWebhook, verifyWebhook } from '../src/index.ts'

test('webhooks that the library of Standard Webhooks signed are accepted', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const body = JSON.stringify({ type: 'image.finished', timestamp: '', data: { id: 'x' } })
  const signed = (date: Date, key = secret) => ({
    'webhook-id': 'x_3',
    'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign('x_3', date, body),
  })
  const now = new Date()
  assert.equal((await verifyWebhook(body, signed(now), secret)).data.id, 'x')
  const bytes = new TextEncoder().encode(body)
  for (const received of [Buffer.from(body), bytes, bytes.buffer])
    assert.equal((await verifyWebhook(received, signed(now), secret)).data.id, 'x')
  await assert.rejects(verifyWebhook(JSON.parse(body), signed(now), secret), {
    name: 'TypeError',
    message: /must be the received text or bytes, got object; with Express, use express\.text/,
  })
  const other = signed(now, `whsec_${Buffer.alloc(32, 8).toString('base64')}`)['webhook-signature']
  const both = { ...signed(now), 'webhook-signature': `${other} ${signed(now)['webhook-signature']}` }
  assert.equal((await verifyWebhook(body, new Headers(both), secret)).type, 'image.finished')
  const foreign = new Map(Object.entries(both)) as unknown as Headers
  assert.equal((await verifyWebhook(body, foreign, secret)).type, 'image.finished')
  for (const [given, headers] of [
    [`${body} `, signed(now)],
    [body, { ...signed(now), 'webhook-signature': other }],
    [body, { ...signed(now), 'webhook-id': 'y_3' }],
    [body, signed(new Date(now.getTime() - 301_000))],
    [body, {}],
  ] as const)
    await assert.rejects(verifyWebhook(given, headers, secret), InvalidWebhook)
  const written = Object.fromEntries(
    Object.entries(signed(now)).map(([name, value]) => [name.replace('webhook', 'Webhook'), value]),
  )
  assert.equal((await verifyWebhook(body, written, secret)).data.id, 'x')
  for (const missing of ['', 'whsec_', process.env.NO_SUCH_SECRET as unknown as string])
    await assert.rejects(verifyWebhook(body, signed(now), missing), {
      name: 'TypeError',
      message: /secret must be whsec_/,
    })
})
