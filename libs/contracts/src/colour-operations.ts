import { defineOperation } from './define-operation.ts'
import { Factor, maxSide } from './operation-arguments.ts'
import { nothing, number, optional } from './operation-text.ts'
import { Type } from './typebox/typebox.js'

/** Operations that change the colours of pixels, but not their positions. */
export const colourOperations = {
  greyscale: defineOperation({
    summary: 'Keeps only the lightness',
    form: 'greyscale',
    example: 'greyscale',
    properties: {},
    parse: nothing,
  }),
  invert: defineOperation({
    summary: 'Inverts the colours, and keeps the transparency',
    form: 'invert',
    example: 'invert',
    properties: {},
    parse: nothing,
  }),
  blur: defineOperation({
    summary: 'Blurs the image (Gaussian blur)',
    form: 'blur[:sigma]',
    example: 'blur:4',
    properties: {
      sigma: Type.Number({
        minimum: 0.3,
        maximum: 100,
        default: 1,
        description: 'Standard deviation in pixels',
      }),
    },
    parse: text => number('sigma', text),
  }),
  sharpen: defineOperation({
    summary: 'Sharpens the lightness, not the colours',
    form: 'sharpen[:sigma]',
    example: 'sharpen:2',
    properties: {
      sigma: Type.Number({
        minimum: 0.3,
        maximum: 10,
        default: 1,
        description: 'Standard deviation in pixels',
      }),
    },
    parse: text => number('sigma', text),
  }),
  brightness: defineOperation({
    summary: 'Multiplies the lightness',
    form: 'brightness[:factor]',
    example: 'brightness:1.4',
    properties: { factor: Factor },
    parse: text => number('factor', text),
  }),
  saturation: defineOperation({
    summary: 'Multiplies the saturation of the colours',
    form: 'saturation[:factor]',
    example: 'saturation:2',
    properties: { factor: Factor },
    parse: text => number('factor', text),
  }),
  hue: defineOperation({
    summary: 'Rotates the colours around the colour wheel',
    form: 'hue:<angle>',
    example: 'hue:120',
    properties: { angle: Type.Number({ minimum: -360, maximum: 360, description: 'Degrees' }) },
    parse: text => number('angle', text),
  }),
  tint: defineOperation({
    summary: 'Colours the image, keeping its lightness',
    form: 'tint:<color>',
    example: 'tint:e0a060',
    properties: {
      color: Type.String({ pattern: '^[0-9a-fA-F]{6}$', description: 'Red, green and blue in hex' }),
    },
    parse: text => optional('color', text),
  }),
  normalise: defineOperation({
    summary:
      'Stretches the lightness over the whole range, except for the darkest and lightest hundredth of the visible pixels; all frames of an animation are stretched alike',
    form: 'normalise',
    example: 'normalise',
    properties: {},
    parse: nothing,
  }),
  pixelate: defineOperation({
    summary: 'Replaces squares of pixels with their mean colour',
    form: 'pixelate[:size]',
    example: 'pixelate:12',
    properties: {
      size: Type.Integer({
        minimum: 1,
        maximum: maxSide,
        default: 10,
        description: 'The side of a square in pixels',
      }),
    },
    parse: text => number('size', text),
  }),
}
