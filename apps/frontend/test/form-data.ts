/** A part of multipart/form-data. */
export interface Part {
  name: string
  filename?: string
  /** The default for a file is image/png. */
  type?: string
  content: string | Uint8Array
}

const boundary = 'a-boundary-0123'
export const formHeaders = { 'content-type': `multipart/form-data; boundary=${boundary}` }

/** A complete form (RFC 7578). */
export function formData(...parts: Part[]): Buffer {
  return Buffer.concat([openForm(...parts), Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** A form up to the end of its last part's content. */
export function openForm(...parts: Part[]): Buffer {
  const written = parts.map(({ name, filename, type = filename && 'image/png', content }, index) => {
    const start = `${index > 0 ? '\r\n' : ''}--${boundary}\r\n`
    const file = filename === undefined ? '' : `; filename="${filename}"`
    const typed = type === undefined ? '' : `\r\nContent-Type: ${type}`
    const header = `Content-Disposition: form-data; name="${name}"${file}${typed}\r\n\r\n`
    return Buffer.concat([Buffer.from(start + header), Buffer.from(content)])
  })
  return Buffer.concat(written)
}

export function filePart(content: Uint8Array, name = 'file'): Part {
  return { name, filename: 'photo.png', content }
}

export function operationsPart(content: string): Part {
  return { name: 'operations', content }
}
