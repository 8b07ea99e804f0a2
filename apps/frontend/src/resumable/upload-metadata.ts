import { ServiceProblem } from '@darkroom/service-kit'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Reads Upload-Metadata: names, each with a value in base64 or without a value, separated by commas (tus 1.0, creation).
 *
 * @throws ServiceProblem 400
 */
export function readMetadata(header = ''): Map<string, string> {
  const metadata = new Map<string, string>()
  if (header.trim() === '') return metadata
  for (const entry of header.split(',')) {
    const [name = '', value = '', ...more] = entry.trim().split(/ +/)
    if (name === '') throw malformed('an entry has no name')
    if (metadata.has(name)) throw malformed(`"${name}" is given twice`)
    if (more.length > 0 || !base64.test(value)) throw malformed(`the value of "${name}" is not base64`)
    metadata.set(name, Buffer.from(value, 'base64').toString())
  }
  return metadata
}

function malformed(detail: string): ServiceProblem {
  return new ServiceProblem(400, 'invalid-metadata', `Upload-Metadata cannot be read: ${detail}`)
}
