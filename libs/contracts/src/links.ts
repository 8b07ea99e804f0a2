import { Instant } from './instant.ts'
import { problems } from './problem-types.ts'
import { defineRoute } from './route.ts'
import { BytesRequestHeaders, bytesResponses } from './storage.ts'
import { type Static, Type } from './typebox/typebox.js'
import { ResultName } from './variants.ts'

const maxLinkSeconds = 7 * 86_400
export const defaultLinkSeconds = 3600

const NewLinks = Type.Object(
  {
    expiresIn: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxLinkSeconds,
        description: `In seconds; default: ${defaultLinkSeconds}. Links end with the image and with their key, if that is earlier`,
      }),
    ),
  },
  { additionalProperties: false },
)

/** Links that work without a key: everyone who has them can read the bytes. */
export const SignedLinks = Type.Object({
  id: Type.String(),
  expiresAt: Instant,
  links: Type.Object({
    original: Type.String(),
    result: Type.Optional(Type.String({ description: 'Absent if only variants are made' })),
    variants: Type.Optional(Type.Record(ResultName, Type.String())),
  }),
})
export type SignedLinks = Static<typeof SignedLinks>

const signedParams = {
  signature: Type.String({ description: 'Contains the end of the link and the id of its key' }),
  id: Type.String(),
}
const params = Type.Object(signedParams)
const responses = { ...bytesResponses, 403: problems('link-refused') }

/** Links to the bytes of an image that work without a key until they expire. */
export const linkRoutes = {
  createLinks: defineRoute({
    method: 'POST',
    url: '/images/:id/links',
    schema: {
      summary: 'Signs links to the bytes of an image, which work without a key until they expire',
      params: Type.Object({ id: Type.String() }),
      body: NewLinks,
      isBodyOptional: true,
      response: { 200: SignedLinks, 404: problems('image-not-found', 'variant-not-found') },
    },
  }),
  getSignedResult: defineRoute({
    method: 'GET',
    url: '/signed/:signature/images/:id/result',
    access: 'anyone',
    schema: {
      summary: 'The developed image, by a signed link',
      params,
      headers: BytesRequestHeaders,
      response: responses,
    },
  }),
  getSignedOriginal: defineRoute({
    method: 'GET',
    url: '/signed/:signature/images/:id/original',
    access: 'anyone',
    schema: {
      summary: 'The image as it was uploaded, by a signed link',
      params,
      headers: BytesRequestHeaders,
      response: responses,
    },
  }),
  getSignedVariant: defineRoute({
    method: 'GET',
    url: '/signed/:signature/images/:id/variants/:name',
    access: 'anyone',
    schema: {
      summary: 'A variant of the developed image, by a signed link',
      params: Type.Object({ ...signedParams, name: Type.String() }),
      headers: BytesRequestHeaders,
      response: responses,
    },
  }),
}
