import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Location } from './address.ts'

export interface S3ClientOptions {
  location: S3Location
  /** Default: AWS's chain, which begins with the environment. */
  credentials?: S3ClientConfig['credentials']
  /** How long each of three attempts may take, and each wait for more bytes; deadlines are at most this long. */
  timeoutMs: number
}

export interface S3Clients {
  client: S3Client
  /** For bodies that clients read slowly: it has no limit between bytes. */
  reader: S3Client
}

export function makeS3Clients(options: S3ClientOptions): S3Clients {
  const { location, credentials, timeoutMs } = options
  const withSocketTimeout = (socketTimeout: number) =>
    new S3Client({
      ...(location.endpoint !== undefined && { endpoint: location.endpoint }),
      ...(location.region !== undefined && { region: location.region }),
      ...(credentials && { credentials }),
      forcePathStyle: location.pathStyle,
      maxAttempts: 3,
      // Signatures cover the SHA-256 of the body. Many servers don't support the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: Math.min(3000, timeoutMs),
        requestTimeout: timeoutMs,
        throwOnRequestTimeout: true,
        socketTimeout,
        httpAgent: unbounded,
        httpsAgent: unbounded,
      },
    })
  return { client: withSocketTimeout(timeoutMs), reader: withSocketTimeout(0) }
}

/** Each request to this service uses only a few connections, so their number needs no limit here. */
const unbounded = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }
