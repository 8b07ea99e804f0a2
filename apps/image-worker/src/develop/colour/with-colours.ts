import type { CarriedMetadata } from '../picture.ts'
import type { ColourTreatment } from './treat-colours.ts'

/** The metadata of a result with this colour treatment. */
export function withColours(
  { icc, ...metadata }: CarriedMetadata,
  treatment: ColourTreatment,
): CarriedMetadata {
  switch (treatment.kind) {
    case 'own':
      return { ...metadata, ...(icc && { icc }) }
    case 'kept':
      return { ...metadata, ...(icc && treatment.keepsProfile && { icc }), colour: treatment.signal }
    case 'profiled':
      return { ...metadata, icc: treatment.icc }
    case 'converted':
    case 'implied':
      return metadata
  }
}
