import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceNames } from '../libs/contracts/src/service.ts'

for (const service of serviceNames) {
  const { Config } = await import(`../apps/${service}/src/config.ts`)
  const settings: [string, { maximum?: number; pattern?: string; forms?: string }][] = Object.entries(
    Config.properties,
  )

  // A timer with a longer time ends after 1 ms: a sweep would run without a pause, and every image would take too long.
  test(`no time in milliseconds of ${service} is too long for a timer`, () => {
    const tooLong = settings.filter(
      ([name, { maximum = Number.POSITIVE_INFINITY }]) => /Ms$/.test(name) && maximum >= 2 ** 31,
    )
    assert.deepEqual(tooLong, [])
  })

  test(`the errors of ${service} explain the form of each setting that has one`, () => {
    const unexplained = settings.filter(([, { pattern, forms }]) => pattern !== undefined && !forms)
    assert.deepEqual(unexplained, [])
  })
}
