import assert from 'node:assert/strict'
import { bytesSource, MalformedImage, readImageHeader } from '../src/index.ts'

export const readBytes = (bytes: Uint8Array) => readImageHeader(bytesSource(bytes))

export const assertMalformed = (bytes: Uint8Array, message: RegExp) =>
  assert.rejects(readBytes(bytes), error => error instanceof MalformedImage && message.test(error.message))
