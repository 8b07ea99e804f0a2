import { setTimeout as delay } from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { parseS3Url } from '../src/engine/s3/address.ts'
import { hasErrorCode } from '../src/engine/s3/errors.ts'

/**
 * How long to retry while the server doesn't answer, or doesn't accept the key yet. The script creates the bucket of
 * BLOB_STORE_URL, unless it exists.
 */
const timeoutMs = 120_000

const { bucket, endpoint, region, pathStyle } = parseS3Url(process.env.BLOB_STORE_URL ?? '')
const client = new S3Client({
  ...(endpoint !== undefined && { endpoint }),
  ...(region !== undefined && { region }),
  forcePathStyle: pathStyle,
})
const deadline = Date.now() + timeoutMs
while (!(await isMade())) await delay(500)
client.destroy()
process.stdout.write(`the bucket "${bucket}" exists\n`)

async function isMade(): Promise<boolean> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal: AbortSignal.timeout(5000) })
    return true
  } catch (error) {
    if (hasErrorCode(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) return true
    if (Date.now() > deadline) throw error
    return false
  }
}
