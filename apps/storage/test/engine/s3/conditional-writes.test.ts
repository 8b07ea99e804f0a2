import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { S3ServiceException } from '@aws-sdk/client-s3'
import { StoreUnavailable } from '@darkroom/service-kit'
import { ConditionalWrites, type Found } from '../../../src/engine/s3/conditional-writes.ts'
import { silentLogger } from '../../serve.ts'

const footer = {
  blob: { bytes: 1, sha256: 'ab', contentType: 'image/png', fence: 1 },
  write: 'ours',
}
const current = (write: string): Found => ({ ...footer, write, etag: '"1"', modifiedAt: new Date() })

function refusal(name: string): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata: {}, message: name })
}

/** Publishes while each attempt is refused in this way; afterwards the last of `found` is stored. */
async function publish(
  refusals: string[],
  found: (Found | undefined)[],
  signal = AbortSignal.timeout(60_000),
) {
  let reads = 0
  let requests = 0
  const writes = new ConditionalWrites(async () => found[Math.min(reads++, found.length - 1)], silentLogger)
  const publishIf = async () => {
    const name = refusals[requests++]
    if (name !== undefined) throw refusal(name)
  }
  const outcome = writes.publish({ name: 'a-name', footer, publishIf, condition: undefined }, signal)
  return { outcome: await outcome.catch((error: unknown) => error), requests }
}

suite('a conditional write', () => {
  test('a conditional write of an upload that is gone is stored, if this store completed it', async () => {
    const { outcome, requests } = await publish(['NoSuchUpload'], [undefined, current('ours')])
    assert.deepEqual(outcome, { kind: 'stored', blob: footer.blob })
    assert.equal(requests, 1)
  })

  test('a conditional write of an upload that was removed fails at the second try', async () => {
    const { outcome, requests } = await publish(Array(20).fill('NoSuchUpload'), [current('theirs')])
    assert.ok(outcome instanceof StoreUnavailable)
    assert.match(outcome.message, /another program removed the upload/)
    assert.equal(requests, 2)
  })

  test('a conditional write that loses to other writers is repeated after growing pauses', async () => {
    const begun = performance.now()
    const { outcome, requests } = await publish(Array(3).fill('ConditionalRequestConflict'), [undefined])
    assert.deepEqual(outcome, { kind: 'stored', blob: footer.blob })
    assert.equal(requests, 4)
    // 20, 40 and 80 ms, each reduced at random by at most half; timers are rounded.
    assert.ok(performance.now() - begun > 65)
  })

  test('a conditional write ends between two tries after its deadline', async () => {
    const late = new AbortController()
    late.abort()
    const { outcome, requests } = await publish(['ConditionalRequestConflict'], [undefined], late.signal)
    assert.equal(outcome, late.signal.reason)
    assert.equal(requests, 1)
  })
})
