import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServiceName, serviceNames } from '@darkroom/contracts'
import { type ServiceProcess, until } from '@darkroom/testing'
import { makePictures, smallPictures } from './album.ts'
import { assertAllDeveloped, beginDevelopment } from './development.ts'
import { kill, prepareFleet, samePort, untilReady } from './fleet.ts'

const picturesAnOutage = 10
/** How long a killed process stays down. */
const outageMs = 3000

test('kill -9 of one service after the other: every accepted image is developed correctly', async t => {
  const fleet = await prepareFleet(t)
  const order = [...serviceNames, 'image-master', 'image-worker'] as const
  const shuffled = order
    .map(name => ({ name, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name)
  t.diagnostic(`started in this order: ${shuffled.join(', ')}`)
  const services: { name: ServiceName; service: ServiceProcess }[] = []
  for (const name of shuffled) services.push({ name, service: await fleet.start(name) })
  const find = (name: ServiceName) => {
    const found = services.find(candidate => candidate.name === name)
    assert.ok(found)
    return found
  }
  const { url } = find('frontend').service
  await untilReady(find('frontend').service)

  const victims = ['storage', 'task-db', 'kv-config', 'image-master', 'image-worker'] as const
  const pictures = await makePictures(smallPictures(picturesAnOutage * victims.length))
  const developments = []
  for (const name of victims) {
    const batch = pictures.splice(0, picturesAnOutage)
    const development = beginDevelopment(url, batch, 8)
    developments.push(development)
    await until('an upload is accepted', () => development.accepted.size > 0)

    const victim = find(name)
    await kill(victim.service)
    await delay(outageMs)
    victim.service = await fleet.start(name, name === 'image-master' ? {} : samePort(victim.service))
  }

  for (const development of developments) {
    await development.ended
    assert.equal(development.accepted.size, picturesAnOutage)
    await assertAllDeveloped(url, development.accepted)
  }
})
