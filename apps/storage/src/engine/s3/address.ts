import { InvalidConfig } from '@darkroom/service-kit'

/** Where the objects are. Credentials come from where AWS's tools look for them, never from the URL. */
export interface S3Place {
  bucket: string
  /** Stands before all names; empty, or ends in a slash. */
  prefix: string
  /** Undefined: AWS. */
  endpoint?: string
  /** Undefined: as AWS's environment says. */
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
export function parseS3Url(text: string): S3Place {
  if (!URL.canParse(text)) throw mistaken(['is not a URL'])
  const { host: bucket, username, password, pathname, searchParams } = new URL(text)
  const { endpoint, region, pathStyle, prefix = '' } = Object.fromEntries(searchParams)
  const mistakes = [
    bucket === '' && 'names no bucket: s3://bucket?endpoint=…',
    username + password !== '' &&
      'must not hold credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from where else AWS looks',
    !['', '/'].includes(pathname) && `has a path; write s3://${bucket}?prefix=${pathname.slice(1)}`,
    endpoint !== undefined &&
      !isEndpoint(endpoint) &&
      'has an endpoint that is no http URL without credentials',
    pathStyle !== undefined &&
      !['true', 'false'].includes(pathStyle) &&
      'has a pathStyle other than true or false',
    ...[...searchParams.keys()]
      .filter(name => !parameters.includes(name))
      .map(name => `has "${name}", which is none of ${parameters.join(', ')}`),
  ].filter(mistake => mistake !== false)
  if (mistakes.length > 0) throw mistaken(mistakes)
  return {
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    ...(endpoint !== undefined && { endpoint }),
    ...signingRegion(region, endpoint),
    // Servers of one's own seldom have a name for each bucket.
    pathStyle: pathStyle === undefined ? endpoint !== undefined : pathStyle === 'true',
  }
}

function isEndpoint(text: string): boolean {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username + password === '' // it stands in answers and in the log
}

/** A request is signed for a region; servers of one's own mostly take this one. */
function signingRegion(region: string | undefined, endpoint: string | undefined): { region?: string } {
  if (region !== undefined) return { region }
  return endpoint === undefined ? {} : { region: 'us-east-1' }
}

function mistaken(mistakes: string[]): InvalidConfig {
  return new InvalidConfig(mistakes.map(mistake => `BLOB_STORE_URL ${mistake}`))
}
