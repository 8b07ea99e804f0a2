import {
  InvalidOperations,
  type Operation,
  type Outputs,
  parseOperations,
  readVariants,
} from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'

/** The outputs that a client requests, as text. */
export interface RequestedOutputs {
  operations?: string | undefined
  variants?: string | undefined
  /** The name of the preset that chose these outputs. */
  preset?: string | undefined
}

/** If nothing is requested, the result of the default operations is made. @throws ServiceProblem 400 */
export function readOutputs(
  { operations, variants }: RequestedOutputs,
  defaultOperations: Operation[],
): Outputs {
  try {
    if (operations === undefined && variants === undefined) return { operations: defaultOperations }
    return {
      ...(operations !== undefined && { operations: parseOperations(operations) }),
      ...(variants !== undefined && { variants: readVariants(variants) }),
    }
  } catch (error) {
    if (error instanceof InvalidOperations) throw new ServiceProblem(400, 'invalid-operations', error.message)
    throw error
  }
}
