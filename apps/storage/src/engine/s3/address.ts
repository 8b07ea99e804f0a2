import { InvalidConfig } from '@darkroom/service-kit'

/** Where the objects are. Credentials come from the sources of AWS's tools, never from the URL. */
export interface S3Location {
  bucket: string
  /** The prefix of all names; empty, or ends in a slash. */
  prefix: string
  /** Undefined for AWS. */
  endpoint?: string
  /** Undefined: AWS's client reads it from the environment. */
  region?: string
  /** `http://endpoint/bucket/name` instead of `http://bucket.endpoint/name`. */
  pathStyle: boolean
}

const parameters = ['endpoint', 'region', 'pathStyle', 'prefix']

/**
 * Reads `s3://bucket?endpoint=http://…&region=…&pathStyle=true&prefix=…`.
 *
 * @throws InvalidConfig naming all mistakes
 */
export function parseS3Url(text: string): S3Location {
  if (!URL.canParse(text)) throw mistaken(['is not a valid URL; expected s3://bucket?endpoint=…'])
  const { host: bucket, username, password, pathname, searchParams } = new URL(text)
  const { endpoint, region, pathStyle, prefix = '' } = Object.fromEntries(searchParams)
  const mistakes = [
    bucket === '' && 'has no bucket; expected s3://bucket?endpoint=…',
    username + password !== '' &&
      'must not contain credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use another source of AWS credentials',
    !['', '/'].includes(pathname) && `has a path; write s3://${bucket}?prefix=${pathname.slice(1)}`,
    endpoint !== undefined &&
      !isEndpoint(endpoint) &&
      'has an endpoint that is not valid: expected an http or https URL without credentials',
    pathStyle !== undefined &&
      !['true', 'false'].includes(pathStyle) &&
      `has pathStyle=${pathStyle}; expected true or false`,
    ...[...searchParams.keys()]
      .filter(name => !parameters.includes(name))
      .map(name => `has the unknown parameter "${name}"; expected ${parameters.join(', ')}`),
  ].filter(mistake => mistake !== false)
  if (mistakes.length > 0) throw mistaken(mistakes)
  return {
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    ...(endpoint !== undefined && { endpoint }),
    ...signingRegion(region, endpoint),
    // Self-hosted servers rarely have a host name for each bucket.
    pathStyle: pathStyle === undefined ? endpoint !== undefined : pathStyle === 'true',
  }
}

function isEndpoint(text: string): boolean {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username + password === '' // the endpoint appears in responses and in the log
}

/** Requests are signed for a region; most self-hosted servers accept this region. */
function signingRegion(region: string | undefined, endpoint: string | undefined): { region?: string } {
  if (region !== undefined) return { region }
  return endpoint === undefined ? {} : { region: 'us-east-1' }
}

function mistaken(mistakes: string[]): InvalidConfig {
  return new InvalidConfig(mistakes.map(mistake => `BLOB_STORE_URL ${mistake}`))
}
