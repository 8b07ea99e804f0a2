import { Problem, problemType } from './problem.ts'

/** What a client should do about a problem, by the code of its type. The `detail` of a problem contains the values. */
export const problemRemedies = {
  busy: 'Another request is changing the same upload, image or grant. Send the request again after Retry-After',
  'cross-site':
    'A page of another origin sent the request. Add its origin to CORS_ORIGINS, or the address of Darkroom to PUBLIC_URL. Programs must send an API key, not a session',
  'disk-full': 'Free disk space, or wait until images expire. Send the request again after Retry-After',
  'empty-body': 'Send the bytes of an image',
  'expectation-failed': 'Send `Expect: 100-continue`, or leave out Expect',
  'grant-refused': 'The grant has ended, or was altered. Ask the application for another grant',
  'grant-used-up':
    'The grant allows no further upload, or no upload of this size. Ask the application for another grant',
  'headers-too-large': 'Send fewer or shorter headers, and a shorter query',
  'host-not-allowed': 'Add the address that clients use to PUBLIC_URL',
  'idempotency-key-reused': 'The key belongs to another image. Use a new key for each image',
  'image-failed': 'The image failed. The detail has the reason; `POST /images/{id}/retry` develops it again',
  'image-gone': 'The bytes were deleted, or have expired. Upload the image again',
  'image-not-found': 'The image was deleted, has expired, or belongs to another owner. Check the id',
  'import-failed': 'The image could not be fetched. Check the URL and its server. The detail has the reason',
  'incomplete-body': 'The connection ended early. Send the request again',
  'intake-not-set':
    'Another operator changed the intake at the same time. Read its state, then send the request again',
  'intake-paused': 'An operator paused uploads. Send the request again after Retry-After',
  'internal-error': 'The log of the service has the reason. Send the request again, or report the fault',
  'invalid-callback': 'Send the URL of a server that Darkroom may call, as the detail explains',
  'invalid-cursor': 'Use `next` of the previous response, with the same filters',
  'invalid-form': 'Send one file in the form, and the other fields before it',
  'invalid-metadata':
    'Write Upload-Metadata as in tus 1.0: a name and its value in base64, separated by commas',
  'invalid-operations': 'Correct the operation that the detail names. `GET /operations` lists all operations',
  'invalid-preset': 'Correct what the detail names. `GET /presets` lists all presets',
  'invalid-request': 'Correct the part of the request that the detail names',
  'key-not-found': 'Check the id. `GET /keys` lists all keys',
  'key-refused': 'The API key is not valid, or has expired. Send another key, or ask an operator for a key',
  'key-required': 'Send `Authorization: Bearer dk_…`. Operators create keys',
  'keys-unknown': 'API keys cannot be checked at the moment. Send the request again after Retry-After',
  'length-is-fixed': 'Send the Upload-Length with which the upload began, or leave it out',
  'link-refused': 'The link has expired, or was altered. Ask the application for another link',
  'loop-detected': 'The request came from Darkroom itself. Give Darkroom the URL of another server',
  'malformed-image': 'The image is damaged. Open and save it in an image editor',
  'malformed-request': 'The request is not valid HTTP. Correct what the detail names',
  'method-not-allowed': 'Use a method that the header Allow lists',
  'no-callback': 'The image was uploaded without `callback`, so it has no webhook',
  'no-checksum': 'Send the piece without Upload-Checksum',
  'no-concatenation': 'Send one upload, without Upload-Concat',
  'no-content-range': 'Send the whole image, without Content-Range, or use `/uploads`',
  'no-result': 'Only variants were requested. The detail names them',
  'no-such-route': 'Check the path. The docs list all routes',
  'no-worker': 'No running worker decodes this type. Send the request again after Retry-After',
  'not-an-image': 'Send JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC',
  'not-decodable': 'Send another type, or install the package that the detail names',
  'not-ended': 'Wait until the image is finished or has failed',
  'not-failed':
    'Only failed images can be developed again. Use `from` for another development of the original',
  'not-ready': 'The image is not finished. Send the request again after Retry-After',
  'not-with-a-grant': 'A grant is not enough for this request. Use an API key',
  'offset-mismatch': 'Continue at the Upload-Offset of the response, or of `HEAD /uploads/{id}`',
  'operators-only': 'Use an API key with the role operator',
  'original-gone': 'The original is no longer stored. Upload the image again',
  'owner-queue-full': 'Too many of your images are waiting. Send the request again after Retry-After',
  'path-too-long': 'Use a shorter path and query',
  'precondition-failed': 'The image has changed. Read its ETag again',
  'preset-not-found': 'Check the name. `GET /presets` lists all presets',
  'queue-full': 'Too many images are waiting. Send the request again after Retry-After',
  'range-not-satisfiable': 'Send a Range within the size that Content-Range contains',
  'request-timeout': 'Send the request again, over a faster connection if possible',
  'secret-unreadable': 'Create a new secret: `POST /webhooks/secret/rotate`',
  'shutting-down': 'This frontend is shutting down. Send the request again after Retry-After',
  'signing-secret-lost': 'An operator must restore kv-config, as the detail explains',
  'signing-secret-not-valid': 'An operator must correct the secret in kv-config, as the detail explains',
  'store-full': 'Free disk space. Send the request again after Retry-After',
  'too-large': 'Send a smaller body. The limit is in the detail',
  'too-long': 'The upload is longer than its Upload-Length. Begin a new upload',
  'too-many-deletions':
    'Too many images were deleted by Idempotency-Key. Delete images by their ids, or wait for Retry-After',
  'too-many-grants':
    'The owner has too many valid grants. Create grants with a shorter `expiresIn`, or wait until some expire',
  'too-many-imports': 'Too many imports are in progress. Send the request again after Retry-After',
  'too-many-pieces': 'Begin a new upload with larger pieces',
  'too-many-pixels': 'Make the image or its results smaller. The limit is in the detail',
  'too-many-refused-keys':
    'This address sent too many invalid keys. Wait for Retry-After, then send a valid key',
  'too-many-requests': 'Send the request again after Retry-After',
  'too-many-streams': 'Close other streams of this owner, or use one stream for all images',
  'too-many-uploads': 'Too many uploads are in progress. Send the request again after Retry-After',
  'tus-version': 'Send `Tus-Resumable: 1.0.0`',
  unauthorized: 'Send the cluster token as a bearer token, instead of an API key',
  unavailable: 'Part of Darkroom does not answer. Send the request again after Retry-After',
  'unsupported-content-encoding': 'Send the body without Content-Encoding',
  'unsupported-media-type': 'Send the Content-Type that this route expects',
  'unsupported-transfer-encoding': 'Send the body with Content-Length, or with `Transfer-Encoding: chunked`',
  'upload-deleted':
    'The upload with this Idempotency-Key was deleted. Use a new key to upload the image again',
  'upload-gone': 'Part of the upload is lost. Upload the file again',
  'upload-not-found':
    'The upload was deleted, has expired, or belongs to another owner. Upload the file again',
  'variant-not-found': 'Check the name. The detail lists the variants of the image',
} as const satisfies Readonly<Record<string, string>>

export type ProblemCode = keyof typeof problemRemedies

const codes = new WeakMap<object, readonly ProblemCode[]>()

/** The schema of a problem of one of these types. */
export function problems(...possible: ProblemCode[]): typeof Problem {
  const schema = { ...Problem }
  codes.set(schema, possible)
  return schema
}

/** The schema of a problem of one of these types, or of a type that `schema` allows. */
export function alsoOf(schema: typeof Problem, ...possible: ProblemCode[]): typeof Problem {
  return problems(...(codesOf(schema) ?? []), ...possible)
}

/** The types of problems that a schema allows; undefined if it isn't from `problems`. */
export function codesOf(schema: object): readonly ProblemCode[] | undefined {
  return codes.get(schema)
}

/** The problems that every route of the frontend can answer, by status. */
export const commonProblems: Readonly<Record<number, readonly ProblemCode[]>> = {
  400: ['invalid-request', 'malformed-request', 'incomplete-body'],
  401: ['key-required', 'key-refused', 'grant-refused'],
  403: ['operators-only', 'not-with-a-grant', 'cross-site', 'host-not-allowed', 'loop-detected'],
  404: ['no-such-route'],
  405: ['method-not-allowed'],
  408: ['request-timeout'],
  413: ['too-large'],
  414: ['path-too-long'],
  415: ['unsupported-media-type', 'unsupported-content-encoding'],
  417: ['expectation-failed'],
  429: ['too-many-requests', 'too-many-refused-keys'],
  431: ['headers-too-large'],
  500: ['internal-error'],
  501: ['unsupported-transfer-encoding'],
  503: [
    'unavailable',
    'keys-unknown',
    'shutting-down',
    'store-full',
    'signing-secret-lost',
    'signing-secret-not-valid',
  ],
}

/** An example of a problem, without `detail`. */
export function problemExample(code: ProblemCode, status: number): Problem {
  return { type: problemType(code), title: problemTitle(code), status }
}

/** The title of a type of problems, from its code. */
export function problemTitle(code: string): string {
  const words = code.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
