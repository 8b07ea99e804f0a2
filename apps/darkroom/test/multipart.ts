const boundary = 'edge-of-a-part'

export interface Part {
  name: string
  /** A file has a name; a field has none. */
  filename?: string
  content: Uint8Array | string
}

/** A form (RFC 7578) as headers and body of a request. */
export function formOf(parts: readonly Part[]): { headers: Record<string, string>; body: Buffer } {
  const chunks = parts.flatMap(({ name, filename, content }) => [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"`),
    Buffer.from(filename === undefined ? '\r\n\r\n' : `; filename="${filename}"\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ])
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
  }
}
