/**
 * The file isn't perfectly well formed, or asks for more than a permutation of its bytes (a rotation, say).
 * The message says which. It is no verdict on the image: whoever catches it discards what came out so far and
 * takes the way through a decoder, which may be more forgiving.
 */
export class NotWellFormed extends Error {
  override name = 'NotWellFormed'
}

/** Codes of a scan are missing or invalid. Any decoder that reads them warns. */
export class DamagedScan extends NotWellFormed {}
