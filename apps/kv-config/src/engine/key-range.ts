/** Keys are compared by the bytes of their UTF-8. */
export function keyBytes(key: string): Uint8Array {
  return new TextEncoder().encode(key)
}

/** The first key after all keys with the prefix. UTF-8 never contains the byte 0xff. */
export function prefixEnd(prefix: string): Uint8Array {
  return Uint8Array.of(...keyBytes(prefix), 0xff)
}
