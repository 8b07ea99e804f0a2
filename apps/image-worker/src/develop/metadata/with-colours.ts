import type { ColourTreatment } from '../colour/treat-colours.ts'
import type { CarriedMetadata } from './carried-metadata.ts'

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
