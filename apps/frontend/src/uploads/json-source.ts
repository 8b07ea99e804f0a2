import { brokenRule, ImageRequest, valueInWords } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type Body, readBody, readHead, ServiceProblem } from '@darkroom/service-kit'

const maxJsonBytes = 64 * 1024
/** Enough for the white space before a document. */
const headBytes = 64

/**
 * Reads the JSON document with the source of an image and its options, if the body is not the image itself. Only an
 * object sent as application/json counts: pages of other sites can't send that type without a preflight request (CORS),
 * so they can't make the frontend fetch a URL.
 *
 * @throws ServiceProblem 400 or 413
 */
export async function readJsonSource(
  contentType: string | undefined,
  body: Body,
): Promise<{ source: ImageRequest } | { source?: undefined; body: Body }> {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') return { body }
  const { head, whole } = await readHead(body ?? new Uint8Array(), headBytes)
  // Without the byte order mark that some programs write.
  if (!/^\s*\{/.test(new TextDecoder().decode(head))) return { body: whole }
  return { source: sourceIn(parse(await readBody(whole, maxJsonBytes))) }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw invalid(
      `the content type is application/json, but the body is not valid JSON: ${(error as Error).message}`,
    )
  }
}

function sourceIn(document: unknown): ImageRequest {
  if (Value.Check(ImageRequest, document)) {
    if ((document.url === undefined) !== (document.from === undefined)) return document
    throw invalid('body: exactly one of url and from is required, to select the image')
  }
  const errors = Value.Errors(ImageRequest, document)
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties')?.params
  if (unknown && 'additionalProperties' in unknown)
    throw invalid(
      `body: unknown ${[unknown.additionalProperties].flat().join(', ')}; expected: ${Object.keys(ImageRequest.properties).join(', ')}`,
    )
  const [error] = errors
  const place = error?.instancePath.replace('/', ' ').replaceAll('/', '.') ?? ''
  if (!error) throw invalid('the body is not valid')
  const given = (document as Record<string, unknown>)[place.trim()]
  const got = error.keyword === 'type' ? `, got ${valueInWords(given)}` : ''
  throw invalid(`body${place}: ${brokenRule(error)}${got}`)
}

function invalid(detail: string): ServiceProblem {
  return new ServiceProblem(400, 'invalid-request', detail)
}
