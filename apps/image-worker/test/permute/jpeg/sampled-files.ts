import { readFile } from 'node:fs/promises'

function files(names: readonly string[]): Promise<Buffer[]> {
  return Promise.all(names.map(name => readFile(new URL(`../../develop/${name}.jpeg`, import.meta.url))))
}

/** JPEGs of all subsamplings, a grey JPEG, and some with restart markers. An edge of the last two is within an MCU. */
export const sampledFiles = await files([
  'subsampled/4-2-2',
  'subsampled/4-4-0',
  'subsampled/4-1-1',
  'subsampled/4-1-0',
  'ways/whole-units/restarts',
  'mend/clean/grey-restarts',
  'mend/clean/restarts-of-rows',
])

/** JPEGs whose sampling factors have a common divisor. */
export const divisibleFiles = await files(['subsampled/4-4-4-by-2x1', 'subsampled/4-2-2-by-2x2'])
