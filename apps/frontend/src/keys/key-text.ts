import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 *     dk_ 4Kd82hQz01Yb _ 32 random letters and digits (190 bits), and 6 of a checksum
 *         the id, which is not secret
 *
 * Prefix and checksum let scanners recognise leaked keys in code (the scheme of GitHub's tokens).
 */
export interface KeyText {
  id: string
  text: string
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 12
const secretLength = 32
const checksumLength = 6
const pattern = new RegExp(
  `^dk_([0-9A-Za-z]{${idLength}})_[0-9A-Za-z]{${secretLength}}([0-9A-Za-z]{${checksumLength}})$`,
)

/** `randomDigit` returns a whole number from 0 to 61. */
export function makeKeyText(randomDigit: () => number = () => randomInt(digits.length)): KeyText {
  const random = (length: number) => Array.from({ length }, () => digits[randomDigit()]).join('')
  const id = random(idLength)
  const checked = `dk_${id}_${random(secretLength)}`
  return { id, text: checked + checksumOf(checked) }
}

/** Undefined if the text can't be a key, because a character is missing or mistyped. */
export function readKeyText(text: string): KeyText | undefined {
  const [, id, checksum] = pattern.exec(text) ?? []
  if (id === undefined || checksum !== checksumOf(text.slice(0, -checksumLength))) return undefined
  return { id, text }
}

/** The stored form of a key. Guessable secrets would need a slow hash; 190 random bits don't. */
export function hashKey(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** CRC-32 in base 62. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let checksum = ''
  for (let place = 0; place < checksumLength; place++) {
    checksum = digits[rest % digits.length] + checksum
    rest = Math.floor(rest / digits.length)
  }
  return checksum
}
