import { keyBytes, prefixEnd } from '../key-range.ts'
import { base64, fromBase64 } from './messages.ts'

/** Where a store's keys are in etcd: all begin with one prefix, which others' keys don't. */
export class KeySpace {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  one(key: string): { key: string } {
    return { key: base64(keyBytes(this.#prefix + key)) }
  }

  /** A range, of the keys behind `after` if that is given: `range_end` is the first key that isn't in it. */
  withPrefix(prefix: string, after?: string): { key: string; range_end: string } {
    const first = keyBytes(this.#prefix + prefix)
    // In the order of bytes, the next key is the same with a zero behind it.
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
