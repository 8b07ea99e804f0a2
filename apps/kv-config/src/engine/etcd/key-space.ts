import { isUtf8 } from 'node:buffer'
import { keyBytes, prefixEnd } from '../key-range.ts'
import { base64, fromBase64 } from './messages.ts'

/** The first key after a key of etcd, both in base64: in byte order, it is the same key with a zero appended. */
export function keyAfter(key: string | undefined): string {
  return base64(Buffer.concat([fromBase64(key), Buffer.alloc(1)]))
}

/** Maps a store's keys to keys in etcd: all have one prefix, which no other program's keys have. */
export class KeySpace {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  one(key: string): { key: string } {
    return { key: base64(keyBytes(this.#prefix + key)) }
  }

  /**
   * The range of keys with a prefix, after `after` if given; `range_end` is the first key outside the range. All are in
   * base64.
   */
  withPrefix(prefix: string, after?: string): { key: string; range_end: string } {
    const first = keyBytes(this.#prefix + prefix)
    // As in keyAfter.
    const next = after === undefined ? first : keyBytes(`${this.#prefix}${after}\u0000`)
    return {
      key: base64(Buffer.compare(next, first) > 0 ? next : first),
      range_end: base64(prefixEnd(this.#prefix + prefix)),
    }
  }

  /** Undefined for a key that is not UTF-8: another program has written it, and no request can name it. */
  read(key: string | undefined): string | undefined {
    const bytes = fromBase64(key)
    return isUtf8(bytes) ? bytes.toString().slice(this.#prefix.length) : undefined
  }
}
