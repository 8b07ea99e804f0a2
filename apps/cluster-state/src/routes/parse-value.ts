import type { Json } from '@darkroom/crdt'
import { isExactNumber, ServiceProblem } from '@darkroom/service-kit'

/**
 * A register's value from JSON.
 *
 * @throws ServiceProblem 400 of numbers that would come back as others, and of keys that no node takes in a message;
 *   SyntaxError of what isn't JSON
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
      `the number ${shown} can't be kept exactly, as values are 64-bit floating-point numbers; send it as a string`,
    )
  }
  if (key === '__proto__' || (key === 'constructor' && Object.hasOwn(Object(part), 'prototype'))) {
    throw new ServiceProblem(
      400,
      'invalid-request',
      'a value has no keys __proto__ and constructor.prototype',
    )
  }
  return part
}
