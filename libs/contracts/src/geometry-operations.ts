import { defineOperation } from './define-operation.ts'
import {
  Background,
  fits,
  isBackground,
  isPosition,
  isStrategy,
  maxSide,
  Offset,
  Position,
  places,
  Side,
} from './operation-arguments.ts'
import { InvalidOperations, matchOrThrow, nothing, number, words } from './operation-text.ts'
import { Type } from './typebox/typebox.js'

/** Operations that change the size or shape of an image, or the positions of its pixels. */
export const geometryOperations = {
  resize: defineOperation({
    summary:
      'Fits the image into a box. One side may be omitted. Without `enlarge`, no side grows: if the image is too small, the result of cover and fill is smaller than the box',
    form: 'resize:[width]x[height][:fit][:enlarge][:position][:background]',
    example: 'resize:150x100',
    properties: {
      width: Type.Optional(Side),
      height: Type.Optional(Side),
      fit: Type.Enum(fits, {
        default: 'inside',
        description:
          'inside: the largest size that fits into the box. outside: the smallest size that covers it. cover: as outside, then cut to the box. contain: as inside, then padded to the box. fill: stretched to the box',
      }),
      enlarge: Type.Boolean({ default: false, description: 'Whether a side may grow' }),
      position: Type.Optional(Position),
      background: Type.Optional(Background),
    },
    parse: text => {
      const [, width, height, options = ''] = matchOrThrow(/^(\d*)x(\d*)((?::[\w#-]+)*)$/, text)
      const { enlarge, ...others } = words(
        options,
        { enlarge: /^enlarge$/, position: isPosition, background: isBackground },
        'fit',
      )
      return {
        ...number('width', width),
        ...number('height', height),
        ...others,
        ...(enlarge !== undefined && { enlarge: true }),
      }
    },
    verify: ({ width, height, fit, position, background }) => {
      if (width === undefined && height === undefined)
        throw new InvalidOperations('width, height or both are required')
      if (position !== undefined && fit !== 'cover' && fit !== 'contain')
        throw new InvalidOperations(`position "${position}" needs fit cover or contain, got ${fit}`)
      if (isStrategy(position) && fit === 'contain')
        throw new InvalidOperations(`position "${position}" needs fit cover, because contain cuts nothing`)
      if (background !== undefined && fit !== 'contain')
        throw new InvalidOperations(`background "${background}" needs fit contain, got ${fit}`)
    },
  }),
  crop: defineOperation({
    summary:
      'Cuts out a rectangle, at `position` or at `left` and `top`. With `background`, it may be larger than the image, and the rest is filled',
    form: 'crop:<width>x<height>[+<left>+<top>][:position][:background]',
    example: 'crop:120x100+150+60',
    properties: {
      width: Side,
      height: Side,
      left: Type.Optional(Offset),
      top: Type.Optional(Offset),
      position: Type.Optional(Position),
      background: Type.Optional(Background),
    },
    parse: text => {
      // A plus sign in a URL's query is a space.
      const [, width, height, left, top, options = ''] = matchOrThrow(
        /^(\d+)x(\d+)(?:[+ ](\d+)[+ ](\d+))?((?::[\w#-]+)*)$/,
        text,
      )
      return {
        ...number('width', width),
        ...number('height', height),
        ...number('left', left),
        ...number('top', top),
        ...words(options, { background: isBackground }, 'position'),
      }
    },
    verify: ({ left, top, position }) => {
      if ((left === undefined) !== (top === undefined))
        throw new InvalidOperations(
          `left and top must both be given, or neither, got only ${left === undefined ? `top ${top}` : `left ${left}`}`,
        )
      if (left !== undefined && position !== undefined)
        throw new InvalidOperations(
          `either left and top, or a position, not ${left},${top} and "${position}"`,
        )
    },
  }),
  pad: defineOperation({
    summary:
      'Adds space around the image: up to a size, with the image at `position`, or by margins. Nothing is cut off or scaled. In JPEG, which has no transparency, transparent becomes white',
    form: 'pad:<top>[:right[:bottom[:left]]][:background] or pad:[width]x[height][:position][:background]',
    example: 'pad:20:e0a060',
    properties: {
      width: Type.Optional(Side),
      height: Type.Optional(Side),
      position: Type.Optional(
        Type.Enum(places, { description: 'The position of the image in its new size; default: center' }),
      ),
      top: Type.Optional(Offset),
      right: Type.Optional(Offset),
      bottom: Type.Optional(Offset),
      left: Type.Optional(Offset),
      background: Type.Optional(Background),
    },
    parse: text => {
      const sized = /^(\d*)x(\d*)((?::[\w#-]+)*)$/.exec(text)
      if (sized) {
        const [, width, height, options = ''] = sized
        const others = words(options, { background: isBackground }, 'position')
        return { ...number('width', width), ...number('height', height), ...others }
      }
      const [, margins = '', options = ''] = matchOrThrow(
        /^(\d{1,5}(?::\d{1,5}){0,3})((?::[a-z#][\w#-]*|:[0-9a-f]{6,8})?)$/i,
        text,
      )
      // As in CSS: an omitted margin is the same as the opposite margin.
      const [top, right = top, bottom = top, left = right] = margins.split(':')
      const { background } = words(options, {}, 'background')
      return {
        ...number('top', top),
        ...number('right', right),
        ...number('bottom', bottom),
        ...number('left', left),
        ...(background !== undefined && { background }),
      }
    },
    verify: ({ width, height, position, top, right, bottom, left }) => {
      const hasSize = width !== undefined || height !== undefined
      const hasMargins = [top, right, bottom, left].some(margin => margin !== undefined)
      if (hasSize === hasMargins)
        throw new InvalidOperations(
          `either a size or margins${hasSize ? ', not both' : ': width, height, top, right, bottom or left'}`,
        )
      if (position !== undefined && !hasSize)
        throw new InvalidOperations(`position "${position}" needs a width or a height instead of margins`)
    },
  }),
  trim: defineOperation({
    summary:
      'Cuts off edges that have the colour and the transparency of the top left pixel. An image of one colour stays unchanged. All frames of an animation are cut to the same rectangle',
    form: 'trim[:threshold]',
    example: 'trim:150',
    properties: {
      threshold: Type.Number({
        minimum: 0,
        maximum: 255,
        default: 10,
        description: 'The difference, out of 255, that red, green, blue or opacity may have',
      }),
    },
    parse: text => number('threshold', text),
  }),
  round: defineOperation({
    summary:
      'Rounds the corners, or cuts a circle out of the middle. The area outside becomes transparent, or the given colour. In JPEG, which has no transparency, transparent becomes white',
    form: 'round:<radius>[:background] or round:circle[:background]',
    example: 'round:40',
    properties: {
      radius: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: maxSide,
          description: 'Pixels; limited to half of the shorter side',
        }),
      ),
      circle: Type.Optional(
        Type.Boolean({ description: 'Instead of a radius: the largest circle in the middle, in its square' }),
      ),
      background: Type.Optional(Background),
    },
    parse: text => {
      const [, radius, circle, options = ''] = matchOrThrow(/^(?:(\d{1,5})|(circle))((?::[\w#-]+)?)$/, text)
      const background = words(options, {}, 'background')
      return { ...number('radius', radius), ...(circle !== undefined && { circle: true }), ...background }
    },
    verify: ({ radius, circle }) => {
      if ((radius === undefined) !== (circle === true))
        throw new InvalidOperations('either radius or circle is required')
    },
  }),
  rotate: defineOperation({
    summary:
      'Rotates the image clockwise. The uncovered corners are transparent if the image has transparency, otherwise white',
    form: 'rotate:<angle>',
    example: 'rotate:15',
    properties: { angle: Type.Number({ minimum: -360, maximum: 360, description: 'Degrees' }) },
    parse: text => number('angle', text),
  }),
  flip: defineOperation({
    summary: 'Mirrors the image: top and bottom change places',
    form: 'flip',
    example: 'flip',
    properties: {},
    parse: nothing,
  }),
  flop: defineOperation({
    summary: 'Mirrors the image: left and right change places',
    form: 'flop',
    example: 'flop',
    properties: {},
    parse: nothing,
  }),
}
