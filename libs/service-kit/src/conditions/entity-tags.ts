export interface EntityTag {
  isWeak: boolean
  /** The tag with its quotes. */
  opaque: string
}

const entityTag = String.raw`(W\/)?("[\x21\x23-\x7e\x80-\xff]*")`
const list = new RegExp(`^[\\s,]*${entityTag}(\\s*,[\\s,]*${entityTag})*[\\s,]*$`)
const eachTag = new RegExp(entityTag, 'g')

/** Parses If-Match or If-None-Match (RFC 9110, 13.1.1); undefined if the value is not well-formed. */
export function parseEntityTags(text: string): '*' | EntityTag[] | undefined {
  if (text.trim() === '*') return '*'
  if (!list.test(text)) return undefined
  return [...text.matchAll(eachTag)].map(([, weak, opaque = '']) => ({ isWeak: weak !== undefined, opaque }))
}
