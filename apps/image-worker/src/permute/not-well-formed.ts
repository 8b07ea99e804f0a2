/**
 * The file isn't perfectly well formed, or needs more than a permutation of its bytes (a rotation, for example); the
 * message names the reason. A decoder may still accept the image: the caller discards the output, and decodes it.
 */
export class NotWellFormed extends Error {
  override name = 'NotWellFormed'
}

/** Codes of a scan are missing or invalid. */
export class DamagedScan extends NotWellFormed {}

/** The file ends before it is complete. */
export class CutOff extends NotWellFormed {}
