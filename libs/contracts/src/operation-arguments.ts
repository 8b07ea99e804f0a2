import { aliasesOf } from './operation-text.ts'
import { Type } from './typebox/typebox.js'

/* Arguments that several operations have in common: their values, their schemas, and their patterns in `name:text`. */

export const channelOrders = ['bgr', 'rbg', 'grb', 'gbr', 'brg', 'rgb'] as const
export type ChannelOrder = (typeof channelOrders)[number]

export const outputFormats = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const
export type OutputFormat = (typeof outputFormats)[number]

export const places = [
  'center',
  'top',
  'top-right',
  'right',
  'bottom-right',
  'bottom',
  'bottom-left',
  'left',
  'top-left',
] as const
export type Place = (typeof places)[number]

/** Positions that depend on the content of the image. */
const strategies = ['attention', 'entropy'] as const
export type Strategy = (typeof strategies)[number]

export const fits = ['inside', 'outside', 'cover', 'contain', 'fill'] as const

/** The longest side that every format but TIFF can have. */
export const maxSide = 16_383
export const Side = Type.Integer({ minimum: 1, maximum: maxSide, description: 'Pixels' })
export const Offset = Type.Integer({ minimum: 0, maximum: maxSide, description: 'Pixels' })
export const Factor = Type.Number({ minimum: 0, maximum: 10, default: 1, description: '1 changes nothing' })
export const Position = Type.Enum([...places, ...strategies], {
  description:
    'The part to keep; default: center. attention: the most eye-catching part. entropy: the part with the most detail',
})
export const Background = Type.String({
  pattern: '^([0-9a-fA-F]{6}([0-9a-fA-F]{2})?|transparent)$',
  description:
    'Red, green, blue and optionally opacity in hex, or transparent. Default: transparent if the image has transparency, otherwise white',
})

export const isPosition = wordOf([...places, ...strategies])
export const isBackground = /^(#?([0-9a-f]{6}|[0-9a-f]{8})|transparent|white|black)$/i

function wordOf(list: readonly string[]): RegExp {
  return new RegExp(`^(${[...list, ...list.flatMap(aliasesOf)].join('|')})$`)
}

export function isStrategy(position: unknown): position is Strategy {
  return (strategies as readonly unknown[]).includes(position)
}
