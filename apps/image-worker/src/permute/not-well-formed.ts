/**
 * The file isn't perfectly well formed, or needs more than a permutation of its bytes (a rotation, for example); the
 * message names the reason. The image may still be fine: the caller discards the output so far and uses a decoder,
 * which may be more forgiving.
 */
export class NotWellFormed extends Error {
  override name = 'NotWellFormed'
}

/** Codes of a scan are missing or invalid. Every decoder that reads them gives a warning. */
export class DamagedScan extends NotWellFormed {}

/** The file ends before it is complete. */
export class CutOff extends NotWellFormed {}
