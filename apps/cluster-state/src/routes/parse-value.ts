import type { Json } from '@darkroom/crdt'
import { isExactNumber, ServiceProblem } from '@darkroom/service-kit'

/**
 * Parses the value of a register.
 *
 * @throws ServiceProblem 400 for numbers that a double can't represent, and for keys that other nodes would refuse;
 *   SyntaxError if the text is not JSON
 */
export function parseValue(text: string): Json {
  try {
    return JSON.parse(text, checkPart)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ServiceProblem(400, 'invalid-request', 'the value is nested too deeply', { cause: error })
  }
}

function checkPart(key: string, part: unknown, { source = '' }: { source?: string } = {}): unknown {
  if (typeof part === 'number' && !isExactNumber(source)) {
    const shown = source.length > 40 ? `${source.slice(0, 40)}…` : source
    throw new ServiceProblem(
      400,
      'inexact-number',
      `the number ${shown} can't be stored exactly, because values are 64-bit floating-point numbers; send it as a string`,
    )
  }
  if (key === '__proto__' || (key === 'constructor' && Object.hasOwn(Object(part), 'prototype'))) {
    throw new ServiceProblem(
      400,
      'invalid-request',
      'a value must not have the keys __proto__ or constructor.prototype',
    )
  }
  return part
}
