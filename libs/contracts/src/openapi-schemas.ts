import { ImageRequest, ImageStatus, UploadForm } from './image-documents.ts'
import { KeyDescription, MadeKey, NewKey } from './keys.ts'
import { examples } from './openapi-examples.ts'
import { OperationDescription, Operations, operationNames, operationSchema } from './operations.ts'
import { Problem } from './problem.ts'
import { Stats } from './stats.ts'
import { ImageFacts, TaskError, TaskState } from './task.ts'

export type Json = { [key: string]: unknown }

/** Names of schemas, by the schema's JSON. */
export type Names = ReadonlyMap<string, string>

/** Schemas that get a name in the document, and so in the types that are generated from it. */
export function schemaNames(): Names {
  const byName: Record<string, unknown> = {
    ImageFacts,
    ImageStatus,
    ImageRequest,
    KeyDescription,
    MadeKey,
    NewKey,
    OperationDescription,
    Operations,
    Problem,
    Stats,
    TaskError,
    TaskState,
    UploadForm,
  }
  const operationUnion = (plain(Operations).items as { anyOf: Json[] }).anyOf
  operationNames.forEach((name, at) => {
    const words = name.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1))
    byName[`${words.join('')}Operation`] = operationUnion[at]
    byName[`${words.join('')}Request`] = operationSchema(name)
  })
  return new Map(Object.entries(byName).map(([name, schema]) => [JSON.stringify(plain(schema)), name]))
}

/** The schema as JSON, without TypeBox's internal properties. */
export function plain(schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema)) as Json
}

/** The schema, with references in place of named schemas. */
export function named(schema: unknown, names: Names, isRoot = true): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  const name = names.get(JSON.stringify(schema))
  if (name !== undefined && isRoot) return { $ref: `#/components/schemas/${name}` }
  if (Array.isArray(schema)) return schema.map(item => named(item, names))
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, named(value, names)]))
}

/** The named schemas that the paths refer to, directly or through other schemas. */
export function schemasIn(paths: unknown, names: Names): Json {
  const byName = new Map([...names].map(([json, name]) => [name, JSON.parse(json) as Json]))
  const found: Json = {}
  const visit = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = byName.get(name)
      if (found[name] !== undefined || !schema) continue
      const example = examples[name]
      found[name] = {
        ...(named(schema, names, false) as Json),
        ...(example !== undefined && { examples: [example] }),
      }
      visit(found[name])
    }
  }
  visit(paths)
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)))
}
