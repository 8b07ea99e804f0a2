import { Type } from './typebox/typebox.js'

/** Image types that a worker decodes only if an optional package is installed, with the name of the package. */
const packages: Readonly<Record<string, string>> = { 'image/heic': 'libheif-js' }

export const optionalTypes: readonly string[] = Object.keys(packages)

/** The package that a worker needs to decode this type; undefined for a type that every worker decodes. */
export function packageFor(contentType: string): string | undefined {
  return Object.hasOwn(packages, contentType) ? packages[contentType] : undefined
}

/** The optional types that a worker can decode; used in its registration and in its requests for work. */
export const DecodedTypes = Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20 })

/** Whether a worker that decodes these optional types can develop an original of this type. */
export function canDecode(decodes: readonly string[], contentType: string): boolean {
  return packageFor(contentType) === undefined || decodes.includes(contentType)
}

/** The optional types that a worker doesn't decode. */
export function typesBeyond(decodes: readonly string[]): string[] {
  return optionalTypes.filter(type => !decodes.includes(type))
}
