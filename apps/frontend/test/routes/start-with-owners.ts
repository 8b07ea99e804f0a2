import assert from 'node:assert/strict'
import { outputKey, outputsOf, type Work } from '@darkroom/contracts'
import { generateImage, type HttpResponse } from '@darkroom/testing'
import { startGuarded } from '../access/start-guarded.ts'

export const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
export const json = { 'content-type': 'application/json' }
export const flip = [{ name: 'flip' }]
export const flop = [{ name: 'flop' }]

/** A frontend with keys of an operator and of two owners. Requests are Alice's unless they have another key. */
export async function startWithOwners(t: Parameters<typeof startGuarded>[0]) {
  const frontend = await startGuarded(t)
  const { clients } = frontend
  const [operator, alice, bob] = await Promise.all([
    frontend.makeKey({ role: 'operator' }),
    frontend.makeKey({ owner: 'alice' }),
    frontend.makeKey({ owner: 'bob' }),
  ])

  const ask = (path: string, method = 'GET', body?: object, key = alice.key) => {
    const request = body ? { headers: json, body: Buffer.from(JSON.stringify(body)) } : {}
    return frontend.askWith(key, path, { method, ...request })
  }

  const upload = (query: string, body: Uint8Array = png, headers: Record<string, string> = {}) =>
    frontend.askWith(alice.key, `/images${query}`, { method: 'POST', body, headers })

  const takeWork = async (decodes: string): Promise<Work | undefined> => {
    const reply = await clients.imageMaster.getWork({ querystring: { worker: 'w', decodes } })
    return reply.status === 200 ? reply.body : undefined
  }

  /** Finishes the next task as a worker does. The bytes of each output are its name. Returns the id of the image. */
  const finishNext = async (): Promise<string> => {
    const work = await takeWork('variants')
    if (!work) assert.fail('there was no work')
    const facts = outputsOf(work).map(async ({ name }) => {
      const stored = await clients.storage.putBlob({
        params: { key: outputKey(work.id, name), stage: 'post' },
        querystring: { fence: work.lease.token },
        headers: { 'content-type': 'image/webp' },
        body: Buffer.from(name ?? 'the result'),
      })
      if (stored.status !== 201) assert.fail('an output was not stored')
      return [name, { ...stored.body, width: 4, height: 3, frames: 1 }] as const
    })
    const all = await Promise.all(facts)
    const result = all.find(([name]) => name === undefined)?.[1]
    const variants = Object.fromEntries(all.filter(([name]) => name !== undefined))
    await clients.imageMaster.workFinished({
      body: { id: work.id, lease: work.lease.token, ...(result && { result }), variants },
    })
    return work.id
  }

  const deleteAll = async (): Promise<void> => {
    const response = await ask('/images', 'GET', undefined, operator.key)
    const { images } = response.json() as { images: { id: string }[] }
    for (const { id } of images) await ask(`/images/${id}`, 'DELETE', undefined, operator.key)
  }

  return { frontend, clients, operator, alice, bob, ask, upload, takeWork, finishNext, deleteAll }
}

/** The fields of an accepted image's status document that describe its outputs. */
export function outputsIn(response: HttpResponse): object {
  assert.equal(response.status, 202, String(response.body))
  const { operations, variants, preset, from } = response.json()
  return JSON.parse(JSON.stringify({ operations, variants, preset, from }))
}
