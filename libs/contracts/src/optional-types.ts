import { Type } from './typebox/typebox.js'

/** Image types that a worker decodes only if an optional package is installed, with the name of the package. */
const packages: Readonly<Record<string, string>> = { 'image/heic': 'libheif-js' }

export const optionalTypes: readonly string[] = Object.keys(packages)

/** The package that a worker needs to decode this type; undefined if every worker can decode it. */
export function packageFor(contentType: string): string | undefined {
  return Object.hasOwn(packages, contentType) ? packages[contentType] : undefined
}

/**
 * Listed among the types that a worker decodes if the worker can make variants. Workers of earlier versions don't send
 * it, so they get no tasks with variants; earlier services pass it on, or ignore it.
 */
export const variantsAbility = 'variants'

/**
 * The optional types that a worker can decode, and `variants` if it can make variants. Workers send them in their
 * registration and in their requests for work.
 */
export const DecodedTypes = Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20 })

/** All abilities that a worker can have. */
export const allAbilities: readonly string[] = [...optionalTypes, variantsAbility]

/** Whether a worker that decodes these optional types can develop an original of this type. */
export function canDecode(decodes: readonly string[], contentType: string): boolean {
  return packageFor(contentType) === undefined || decodes.includes(contentType)
}

/** Whether a worker with these abilities can make the outputs of a task. */
export function canMake(decodes: readonly string[], { variants }: { variants?: unknown }): boolean {
  return variants === undefined || decodes.includes(variantsAbility)
}

/** The abilities that a worker doesn't have. */
export function abilitiesBeyond(decodes: readonly string[]): string[] {
  return allAbilities.filter(ability => !decodes.includes(ability))
}
