import { S3ServiceException } from '@aws-sdk/client-s3'
import { StoreFull, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import type { S3Location } from './address.ts'

/** The error codes of servers without free space (Ceph, MinIO, others). */
const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage', 'StorageFull'])

/** The server received bytes other than those that were signed, or fewer. */
const damaged = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'RequestTimeout'])

/** Converts an error of the object store to an error that explains what to do; returns other errors unchanged. */
export function asStoreError(error: unknown, { bucket, endpoint = 'AWS' }: S3Location): unknown {
  if (!(error instanceof Error)) return error
  const reason = [error.name, error.message].filter(word => !placeholders.has(word)).join(': ')
  if (error.name === 'CredentialsProviderError') {
    return new StoreMisconfigured(
      'no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      { cause: error },
    )
  }
  if (!(error instanceof S3ServiceException)) {
    if (!isNetworkError(error)) return error
    return new StoreUnavailable(`the object store (${endpoint}) does not answer: ${reason}`, { cause: error })
  }
  const status = error.$response?.statusCode ?? 500
  if (full.has(error.name) || status === 507)
    return new StoreFull('the object store is full', { cause: error })
  if (error.name === 'NoSuchBucket') {
    return new StoreMisconfigured(`the bucket "${bucket}" does not exist at ${endpoint}`, { cause: error })
  }
  if (status === 401 || status === 403 || status === 301 || error.name === 'AuthorizationHeaderMalformed') {
    return new StoreMisconfigured(
      `the object store (${endpoint}) refuses requests for the bucket "${bucket}" (${reason}): check the credentials, their permissions, the region and the clock`,
      { cause: error },
    )
  }
  if (damaged.has(error.name)) {
    return new StoreUnavailable(`bytes were damaged on the way to the object store (${reason})`, {
      cause: error,
    })
  }
  if (status >= 500 || status === 429 || error.$retryable !== undefined) {
    return new StoreUnavailable(`the object store (${endpoint}) failed: ${reason || `status ${status}`}`, {
      cause: error,
    })
  }
  return error
}

/** The client's texts for a response without a reason. */
const placeholders = new Set(['', 'Error', 'UnknownError', 'Unknown'])

/** Errors of sockets and name look-ups have codes; a timeout of the client has this name. */
function isNetworkError(error: Error): boolean {
  return 'syscall' in error || 'code' in error || error.name === 'TimeoutError'
}

/** Whether a response of the server has one of these codes. */
export function hasErrorCode(error: unknown, ...names: string[]): error is S3ServiceException {
  return error instanceof S3ServiceException && names.includes(error.name)
}
