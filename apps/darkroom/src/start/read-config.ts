import type { Static, TObject } from '@darkroom/contracts/typebox'
import { InvalidConfig, loadConfig } from '@darkroom/service-kit'

/** Adds the mistakes to the mistakes of other services; many settings belong to several services. */
export function readConfig<Schema extends TObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
  mistakes: Set<string>,
): Static<Schema> {
  try {
    return loadConfig(schema, env)
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error
    for (const mistake of error.mistakes) mistakes.add(mistake)
    return {} as Static<Schema>
  }
}
