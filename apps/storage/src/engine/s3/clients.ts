import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Place } from './address.ts'

export interface S3ClientOptions {
  place: S3Place
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
  const { place, credentials, timeoutMs } = options
  const withSocketTimeout = (socketTimeout: number) =>
    new S3Client({
      ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
      ...(place.region !== undefined && { region: place.region }),
      ...(credentials && { credentials }),
      forcePathStyle: place.pathStyle,
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

/** The number of connections is limited elsewhere: each request to this service uses only a few. */
const unbounded = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }
