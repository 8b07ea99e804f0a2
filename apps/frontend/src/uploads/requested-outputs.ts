import {
  formatOperations,
  formatVariants,
  readOperations,
  readVariants,
  type UploadOptions,
} from '@darkroom/contracts'
import { asProblem } from './invalid-operations.ts'
import type { Presets } from './presets.ts'

/** The options of an upload: as text, or in a JSON body as values. */
export interface GivenOptions {
  operations?: unknown
  variants?: unknown
  preset?: string
  callback?: string
}

/**
 * The options for the master: checked, in their shortest form, and with the preset expanded. Options of the request have
 * priority over the options of the preset.
 *
 * @throws ServiceProblem 400; 503 if there is a preset and kv-config does not answer
 */
export async function expandOptions(
  { operations, variants, preset, callback }: GivenOptions,
  presets: Pick<Presets, 'require'>,
): Promise<UploadOptions> {
  const given = { ...readOptions({ operations, variants }), ...(callback !== undefined && { callback }) }
  if (preset === undefined) return given
  const chosen = await presets.require(preset)
  return {
    ...(chosen.operations && { operations: formatOperations(chosen.operations) }),
    ...(chosen.variants && { variants: formatVariants(chosen.variants) }),
    ...given,
    preset,
  }
}

function readOptions({ operations, variants }: GivenOptions): UploadOptions {
  try {
    return {
      ...(operations !== undefined && { operations: formatOperations(readOperations(operations)) }),
      ...(variants !== undefined && { variants: formatVariants(readVariants(variants)) }),
    }
  } catch (error) {
    throw asProblem(error)
  }
}
