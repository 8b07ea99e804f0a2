import type { OperationName } from '@darkroom/contracts'
import { blur } from './blur.ts'
import { brightness } from './brightness.ts'
import { crop } from './crop.ts'
import { flip } from './flip.ts'
import { flop } from './flop.ts'
import { format } from './format.ts'
import { greyscale } from './greyscale.ts'
import { hue } from './hue.ts'
import { invert } from './invert.ts'
import { metadata } from './metadata.ts'
import { normalise } from './normalise.ts'
import type { OperationKind } from './operation-kind.ts'
import { pad } from './pad.ts'
import { pixelate } from './pixelate.ts'
import { resize } from './resize.ts'
import { rotate } from './rotate.ts'
import { round } from './round.ts'
import { saturation } from './saturation.ts'
import { sharpen } from './sharpen.ts'
import { swapChannels } from './swap-channels.ts'
import { tint } from './tint.ts'
import { trim } from './trim.ts'

/** The implementation of each operation of the contracts. The compiler reports a missing operation. */
export const operationKinds: { readonly [Name in OperationName]: OperationKind<Name> } = {
  'swap-channels': swapChannels,
  resize,
  crop,
  pad,
  trim,
  round,
  rotate,
  flip,
  flop,
  greyscale,
  invert,
  blur,
  sharpen,
  brightness,
  saturation,
  hue,
  tint,
  normalise,
  pixelate,
  metadata,
  format,
}
