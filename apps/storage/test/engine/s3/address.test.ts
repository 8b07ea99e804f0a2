import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { parseS3Url } from '../../../src/engine/s3/address.ts'

suite('the URL of a bucket', () => {
  test('the URL of a bucket may name a bucket of AWS; the environment has the rest', () => {
    assert.deepEqual(parseS3Url('s3://images'), { bucket: 'images', prefix: '', pathStyle: false })
  })

  test('the URL of a bucket may name another server, where buckets are paths by default', () => {
    const url = 's3://images?endpoint=http://minio:9000&prefix=darkroom/eu'
    const location = {
      bucket: 'images',
      endpoint: 'http://minio:9000',
      region: 'us-east-1',
      prefix: 'darkroom/eu/',
      pathStyle: true,
    }
    assert.deepEqual(parseS3Url(url), location)
    assert.deepEqual(parseS3Url(`${url}/&region=garage&pathStyle=false`), {
      ...location,
      region: 'garage',
      pathStyle: false,
    })
  })

  for (const [url, message] of [
    ['s3://', /has no bucket/],
    ['s3://me:secret@images', /must not contain credentials/],
    ['s3://images/folder', /write s3:\/\/images\?prefix=folder/],
    ['s3://images?endpoint=minio:9000', /expected an http or https URL/],
    ['s3://images?endpoint=http://me:secret@minio:9000', /without credentials/],
    ['s3://images?pathStyle=yes', /true or false/],
    ['s3://images?secretKey=x', /unknown parameter "secretKey"; expected/],
  ] as const) {
    test(`the URL ${url} is refused`, () => {
      assert.throws(
        () => parseS3Url(url),
        (error: Error) => error instanceof InvalidConfig && message.test(error.message),
      )
    })
  }
})
