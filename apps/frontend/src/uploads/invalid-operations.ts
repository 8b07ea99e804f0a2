import { InvalidOperations } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'

/** InvalidOperations as a 400; other errors unchanged. */
export function asProblem(error: unknown): unknown {
  return error instanceof InvalidOperations
    ? new ServiceProblem(400, 'invalid-operations', error.message)
    : error
}
