import assert from 'node:assert/strict'
import { generateImage } from '@darkroom/testing'
import { startGuarded } from './start-guarded.ts'

export const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

/** A frontend that requires keys, with a key of alice, who makes grants. */
export async function startGranting(t: Parameters<typeof startGuarded>[0]) {
  const frontend = await startGuarded(t)
  const { askWith } = frontend
  const alice = await frontend.makeKey({ owner: 'alice' })

  async function grant(given: object = {}, key = alice.key): Promise<string> {
    const body = Buffer.from(JSON.stringify(given))
    const response = await askWith(key, '/grants', { method: 'POST', body })
    assert.equal(response.status, 201, String(response.body))
    const token = String(response.json().token)
    assert.match(token, /^dg_[\w.-]+$/)
    return token
  }

  function upload(token: string, headers: Record<string, string> = {}, path = '/images', body = png) {
    return askWith(token, path, { method: 'POST', body, headers })
  }

  return { frontend, alice, grant, upload }
}
