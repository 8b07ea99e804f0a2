import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import type { ObjectStore, Owner } from '@darkroom/testing'
import { parseS3Url } from '../../../src/engine/s3/address.ts'
import { S3BlobStore, type S3BlobStoreOptions } from '../../../src/engine/s3/s3.ts'
import { silentLogger } from '../../serve.ts'

/** A new bucket in a server, its URL, and a client that reads it without the service. */
export async function makeBucket(owner: Owner, { url, ...credentials }: ObjectStore) {
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials })
  owner.after(() => client.destroy())
  const Bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket }))
  const objects = async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    return Contents.map(({ Key = '' }) => Key)
  }
  const uploads = async () => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    return Uploads.map(({ Key = '' }) => Key)
  }
  return { name: Bucket, client, credentials, objects, uploads, url: bucketUrl(Bucket, url) }
}
export type Bucket = Awaited<ReturnType<typeof makeBucket>>

export function bucketUrl(bucket: string, endpoint: string): string {
  return `s3://${bucket}?endpoint=${endpoint}&prefix=images`
}

/** The settings of a storage on this bucket. */
export function environmentOf({ url, credentials }: Pick<Bucket, 'url' | 'credentials'>) {
  return {
    BLOB_STORE_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** A store on this bucket; it is closed with the test. */
export async function openStore(
  owner: Owner,
  { url, credentials }: Pick<Bucket, 'url' | 'credentials'>,
  options: Partial<S3BlobStoreOptions> = {},
): Promise<S3BlobStore> {
  const store = await S3BlobStore.open({
    location: parseS3Url(url),
    credentials,
    logger: silentLogger,
    ...options,
  })
  owner.after(() => store.close())
  return store
}
