import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { isAnswer } from './s3-errors.ts'

/**
 * Ends multipart uploads that began long ago: whoever sent them is gone, and their parts, which nobody sees, would
 * be kept and paid for. A request to the storage lasts 5 minutes at most; so much more of age is nobody's work.
 *
 * @returns how many
 */
export async function abortAbandonedUploads(
  client: S3Client,
  { Bucket, Prefix, abandonedMs }: { Bucket: string; Prefix: string; abandonedMs: number },
  abortSignal: AbortSignal,
): Promise<number> {
  const latest = Date.now() - abandonedMs
  let aborted = 0
  let page: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> = {}
  for (;;) {
    const listing: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({
        Bucket,
        Prefix,
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      }),
      { abortSignal },
    )
    for (const { Key, UploadId, Initiated } of listing.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() > latest) continue
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal })
        aborted++
      } catch (error) {
        if (!isAnswer(error, 'NoSuchUpload')) throw error // another copy of the storage was quicker
      }
    }
    if (!listing.IsTruncated) return aborted
    page = listing
  }
}
