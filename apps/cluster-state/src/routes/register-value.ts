import { defaultRegister } from '@darkroom/contracts'
import type { Json } from '@darkroom/crdt'
import { isExactNumber, ServiceProblem } from '@darkroom/service-kit'
import { maxValueBytes, valueBytes } from '../node/inspect-entries.ts'

/** Parses the body of a request. @throws ServiceProblem 400 */
export function parseBody(text: string): Json {
  try {
    return parseValue(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ServiceProblem(400, 'invalid-request', `the body is not JSON: ${error.message}`)
  }
}

/** The text as JSON if it is valid JSON, otherwise as a string. @throws ServiceProblem 400 */
export function readText(text: string): Json {
  try {
    return parseValue(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** @throws ServiceProblem 400 for a number that a double can't represent, or that is larger than the limit */
export function readWhole(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value <= max && !Object.is(value, -0)) return value
  throw new ServiceProblem(400, 'invalid-request', `${text} must be a whole number from ${-max} to ${max}`)
}

/** Checks the value for a register. @throws ServiceProblem 400, 413 */
export function checkValue(name: string, value: unknown): Json {
  if (value === undefined) throw new ServiceProblem(400, 'invalid-request', 'the body must be a JSON value')
  if (name === defaultRegister && !Number.isSafeInteger(value)) {
    throw new ServiceProblem(
      400,
      'invalid-request',
      `the register ${name} accepts only whole numbers, such as 42`,
    )
  }
  const bytes = valueBytes(value)
  if (bytes <= maxValueBytes) return value as Json
  throw new ServiceProblem(
    413,
    'too-large',
    `the value has ${bytes} bytes; at most ${maxValueBytes} are allowed`,
  )
}

/**
 * Parses the value of a register.
 *
 * @throws ServiceProblem 400 for numbers that a double can't represent, and for keys that other nodes would refuse;
 *   SyntaxError if the text is not JSON
 */
function parseValue(text: string): Json {
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
      `the number ${shown} cannot be stored exactly, because values are 64-bit floating-point numbers; send it as a string`,
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
