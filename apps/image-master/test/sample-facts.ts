import { type ImageFacts, problemType, type TaskError } from '@darkroom/contracts'

export const facts: ImageFacts = {
  contentType: 'image/png',
  bytes: 1234,
  width: 40,
  height: 30,
  frames: 1,
  sha256: 'ab'.repeat(32),
}

export const error: TaskError = { type: problemType('test'), title: 'Test', detail: 'the test made it fail' }
