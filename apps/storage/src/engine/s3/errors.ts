import { S3ServiceException } from '@aws-sdk/client-s3'
import { StoreFull, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import type { S3Place } from './address.ts'

/** Codes by which servers say that they have no room (Ceph, MinIO, others). */
const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage', 'StorageFull'])

/** Not what the signature says was sent, or less. */
const damaged = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'RequestTimeout'])

/** What went wrong, in words that say what to do; errors that are none of the store's are given back as they are. */
export function asStoreError(error: unknown, { bucket, endpoint = 'AWS' }: S3Place): unknown {
  if (!(error instanceof Error)) return error
  const says = [error.name, error.message].filter(word => !silent.has(word)).join(': ')
  if (error.name === 'CredentialsProviderError') {
    return new StoreMisconfigured(
      'there are no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      { cause: error },
    )
  }
  if (!(error instanceof S3ServiceException)) {
    if (!isOfNetwork(error)) return error
    return new StoreUnavailable(`the object store (${endpoint}) does not answer: ${says}`, { cause: error })
  }
  const status = error.$response?.statusCode ?? 500
  if (full.has(error.name) || status === 507)
    return new StoreFull('the object store is full', { cause: error })
  if (error.name === 'NoSuchBucket') {
    return new StoreMisconfigured(`the bucket "${bucket}" does not exist at ${endpoint}`, { cause: error })
  }
  if (status === 401 || status === 403 || status === 301 || error.name === 'AuthorizationHeaderMalformed') {
    return new StoreMisconfigured(
      `the object store (${endpoint}) refuses what we ask of the bucket "${bucket}" (${says}): check the credentials, their rights, the region and the clock`,
      { cause: error },
    )
  }
  if (damaged.has(error.name)) {
    return new StoreUnavailable(`bytes were damaged on their way to the object store (${says})`, {
      cause: error,
    })
  }
  if (status >= 500 || status === 429 || error.$retryable !== undefined) {
    return new StoreUnavailable(`the object store (${endpoint}) is out of order: ${says}`, { cause: error })
  }
  return error
}

/** What the client says of an answer that says nothing. */
const silent = new Set(['', 'Error', 'UnknownError', 'Unknown'])

/** Errors of sockets and of finding hosts have these; a time-out is called so by the client. */
function isOfNetwork(error: Error): boolean {
  return 'syscall' in error || 'code' in error || error.name === 'TimeoutError'
}

/** Whether an answer of the server has one of these codes. */
export function isAnswer(error: unknown, ...names: string[]): error is S3ServiceException {
  return error instanceof S3ServiceException && names.includes(error.name)
}
