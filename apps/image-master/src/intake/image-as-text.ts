/** The first characters of a JPEG, PNG, GIF, WebP or TIFF in base64. */
const base64 = /^(?:data:image\/|\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK)/
/**
 * The first bytes of a JPEG or PNG, decoded as UTF-8 or Latin-1, and encoded as UTF-8. UTF-8 has none of these bytes, so
 * each became U+FFFD.
 */
const decoded = /^(?:\xef\xbf\xbd(?:\xef\xbf\xbd|PNG)|\xc3\xbf\xc3\x98|\xc2\x89PNG)/

/** The mistake of a client that sent an image as text; undefined for other files. */
export function textMistake(head: Uint8Array): string | undefined {
  const begin = Buffer.from(head.subarray(0, 16)).toString('latin1')
  if (base64.test(begin)) return 'this is an image in base64; send its bytes'
  if (decoded.test(begin)) return 'this is an image that was decoded as text; read and send it as bytes'
  return undefined
}
