import type { OperationName } from '@darkroom/contracts'

/** Examples of each operation, for images of at least 9 x 7 pixels. A new operation is tested by adding its line here. */
const tried: Readonly<Record<OperationName, readonly string[]>> = {
  'swap-channels': ['swap-channels:gbr'],
  resize: [
    'resize:9x7',
    'resize:9x9:contain',
    'resize:9x9:contain:left:3366cc',
    'resize:6x6:cover:top-right',
  ],
  crop: ['crop:7x5', 'crop:7x5:bottom-left', 'crop:7x50:top:3366cc80'],
  pad: ['pad:2', 'pad:1:2:3:4:transparent', 'pad:40x:right:3366cc'],
  trim: [],
  round: ['round:3', 'round:circle', 'round:4:3366cc'],
  rotate: ['rotate:90', 'rotate:30'],
  flip: ['flip'],
  flop: ['flop'],
  greyscale: ['greyscale'],
  invert: ['invert'],
  blur: ['blur:1'],
  sharpen: ['sharpen'],
  brightness: ['brightness:1.3'],
  saturation: ['saturation:0.5'],
  hue: ['hue:90', 'hue:33.3'],
  tint: ['tint:e0a060'],
  normalise: [],
  pixelate: ['pixelate:4'],
  metadata: [],
  format: [],
}

export const everyOperation = Object.values(tried).flat()

/** Operations that examine all frames before they change the first, so a frame alone has another result. */
export const acrossFrames = ['crop:7x5:attention', 'resize:6x6:cover:entropy', 'trim', 'normalise']
