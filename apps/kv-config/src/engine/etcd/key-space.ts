import { keyBytes, prefixEnd } from '../key-range.ts'
import { base64, fromBase64 } from './messages.ts'

/** Maps a store's keys to keys in etcd: all have one prefix, which no other program's keys have. */
export class KeySpace {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  one(key: string): { key: string } {
    return { key: base64(keyBytes(this.#prefix + key)) }
  }

  /** The range of keys with a prefix, after `after` if given; `range_end` is the first key outside the range. */
  withPrefix(prefix: string, after?: string): { key: string; range_end: string } {
    const first = keyBytes(this.#prefix + prefix)
    // In byte order, the next key after a key is the same key with a zero appended.
    const next = after === undefined ? first : keyBytes(`${this.#prefix}${after}\u0000`)
    return {
      key: base64(Buffer.compare(next, first) > 0 ? next : first),
      range_end: base64(prefixEnd(this.#prefix + prefix)),
    }
  }

  read(key: string | undefined): string {
    return fromBase64(key).toString().slice(this.#prefix.length)
  }
}
