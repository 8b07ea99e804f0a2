import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceNames } from '../libs/contracts/src/service.ts'
import { type InvalidConfig, loadConfig, variableName } from '../libs/service-kit/src/settings/config.ts'

for (const service of serviceNames) {
  const { Config } = await import(`../apps/${service}/src/config.ts`)
  const settings: [string, { maximum?: number; pattern?: string }][] = Object.entries(Config.properties)

  // A timer with a longer time ends after 1 ms: a sweep would run without a pause, and every image would take too long.
  test(`no time in milliseconds of ${service} is too long for a timer`, () => {
    const tooLong = settings.filter(
      ([name, { maximum = Number.POSITIVE_INFINITY }]) => /Ms$/.test(name) && maximum >= 2 ** 31,
    )
    assert.deepEqual(tooLong, [])
  })

  test(`the errors of ${service} explain the form of each setting that has one`, () => {
    for (const [name] of settings.filter(([, { pattern }]) => pattern !== undefined)) {
      const variable = variableName(name)
      const reads = () => loadConfig(Config, { [variable]: 'ä '.repeat(10) })
      assert.throws(reads, ({ mistakes }: InvalidConfig) => {
        const mistake = mistakes.find(mistake => mistake.startsWith(`${variable} `))
        return mistake !== undefined && !mistake.includes('pattern')
      })
    }
  })
}
