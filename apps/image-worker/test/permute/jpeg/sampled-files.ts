import { readFile } from 'node:fs/promises'

/** JPEGs of all subsamplings, a grey JPEG, and some with restart markers. An edge of the last two is within an MCU. */
export const sampledFiles = await Promise.all(
  [
    'develop/subsampled/4-2-2',
    'develop/subsampled/4-4-0',
    'develop/subsampled/4-1-1',
    'develop/subsampled/4-1-0',
    'develop/ways/whole-units/restarts',
    'develop/mend/clean/grey-restarts',
    'develop/mend/clean/restarts-of-rows',
  ].map(name => readFile(new URL(`../../${name}.jpeg`, import.meta.url))),
)
