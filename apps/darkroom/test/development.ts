import assert from 'node:assert/strict'
import { openAsBlob } from 'node:fs'
import { Darkroom } from '@darkroom/client/source'
import { mapConcurrently } from '@darkroom/service-kit'
import { assertSwapped, httpRequest } from '@darkroom/testing'
import { type Picture, readPicture } from './album.ts'

interface Development {
  /** The ids of the pictures that were accepted so far. */
  readonly accepted: ReadonlyMap<Picture, string>
  /** How many of them have ended so far. */
  readonly endedCount: number
  /** Resolves when all have finished. */
  readonly ended: Promise<void>
}

/** Develops pictures with `clients` clients at once, which retry failed requests like the command line. */
export function beginDevelopment(url: string, pictures: readonly Picture[], clients: number): Development {
  const accepted = new Map<Picture, string>()
  let endedCount = 0
  const darkroom = new Darkroom(url)
  const uploading = mapConcurrently(clients, pictures, async picture => {
    const id = await darkroom.upload(await openAsBlob(picture.path))
    accepted.set(picture, id)
    await darkroom.waitFor(id)
    endedCount += 1
  })
  const ended = uploading.then(() => undefined)
  ended.catch(() => undefined) // until a test awaits it
  return {
    accepted,
    get endedCount() {
      return endedCount
    },
    ended,
  }
}

/** Checks that every accepted picture is finished, with the right result. */
export async function assertAllDeveloped(url: string, accepted: Development['accepted']): Promise<void> {
  await mapConcurrently(3, [...accepted], async ([picture, id]) => {
    const status = (await httpRequest(url, `/images/${id}`)).json()
    assert.equal(status.state, 'finished', `${picture.path}: ${JSON.stringify(status)}`)
    const result = await httpRequest(url, `/images/${id}/result`)
    assert.equal(result.status, 200)
    await assertSwapped(await readPicture(picture), result.body, picture).catch(cause => {
      throw new Error(`the result of ${picture.path} is wrong`, { cause })
    })
  })
}
