import { Operations } from './operations.ts'
import { problems } from './problem-types.ts'
import { defineRoute, Nothing } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'
import { GivenOutputs } from './upload-options.ts'
import { ResultName, Variants } from './variants.ts'

/** Options of uploads under one name, as kv-config stores them. At least one of the two is present. */
export const Preset = Type.Object(
  { operations: Type.Optional(Operations), variants: Type.Optional(Variants) },
  { additionalProperties: false, minProperties: 1 },
)
export type Preset = Static<typeof Preset>

/** kv-config stores each preset under this prefix and its name, as JSON. */
export const presetPrefix = 'config/presets/'

const NamedPreset = Type.Object({ name: ResultName, ...Preset.properties })

const params = Type.Object({ name: Type.String({ maxLength: 200 }) })

export const presetRoutes = {
  listPresets: defineRoute({
    method: 'GET',
    url: '/presets',
    schema: {
      summary: 'The presets that uploads can name',
      response: { 200: Type.Object({ presets: Type.Array(NamedPreset) }) },
    },
  }),
  putPreset: defineRoute({
    method: 'PUT',
    url: '/presets/:name',
    access: 'operator',
    schema: {
      summary: 'Creates or replaces a preset; images that were accepted before keep their operations',
      params,
      body: GivenOutputs,
      response: {
        200: NamedPreset,
        201: NamedPreset,
        400: problems('invalid-request', 'invalid-operations', 'invalid-preset'),
      },
    },
  }),
  deletePreset: defineRoute({
    method: 'DELETE',
    url: '/presets/:name',
    access: 'operator',
    schema: {
      summary: 'Deletes a preset',
      params,
      response: { 204: Nothing, 404: problems('preset-not-found') },
    },
  }),
}
