import { join } from 'node:path'
import { inspect } from 'node:util'
import { freePort, until } from '../libs/testing/src/index.ts'
import { ComposeProject, type Container } from './try/compose-project.ts'
import { ImageStream, makePictures } from './try/image-stream.ts'

/**
 * Tests a compose file with real engines: uploads images through the published port, while containers of every service
 * are killed and workers are added and removed. Exits with 0 if every accepted image was developed correctly.
 *
 *   node docker/try.ts [compose file] [further compose files...]
 *
 * It uses its own project, port, image and volumes, and removes them at the end.
 */

/** The time limit of a run, including building and pulling. */
const limitMs = 20 * 60_000
const recoveryMs = 120_000
/** How many images must be finished after each fault, before the next fault. */
const imagesBetween = 10

const [first = 'compose.yaml', ...further] = process.argv.slice(2)
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const project = new ComposeProject({
  name: `darkroom-try-${process.pid}`,
  files: [first, ...further].map(file => (file.includes('/') ? file : join(import.meta.dirname, file))),
  env: {
    ...process.env,
    DARKROOM_PORT: String(port),
    DARKROOM_IMAGE: 'darkroom-try',
    DARKROOM_BIND: '127.0.0.1',
  },
})

setTimeout(() => void giveUp(`it took more than ${limitMs / 60_000} minutes`), limitMs).unref()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp(signal))
process.once('unhandledRejection', error => void giveUp(inspect(error))) // of a client of the stream

await tryOut().catch(error => giveUp(inspect(error)))
await removeAll()

async function tryOut(): Promise<void> {
  const startedAt = performance.now()
  print('building, pulling and starting the containers')
  await project.compose('up', '-d', '--build')
  await until('the frontend is ready', isReady, recoveryMs)
  const services = await longRunningServices()
  print(`ready after ${seconds(performance.now() - startedAt)}: ${services.join(', ')}`)

  const stream = new ImageStream(url, await makePictures(), 4)
  await imagesComeBack(stream)
  for (const service of services)
    await tryFault(stream, `${service} killed, started again`, () => killOne(service))
  await tryFault(stream, 'a worker crashes, its restart policy starts it again', crashWorker)
  await tryFault(stream, 'a worker is stopped and drains', stopWorker)
  for (const count of [4, 1, 2]) {
    await tryFault(stream, `image-worker=${count}`, () => scaleWorkers(count))
  }

  const { accepted, wrong } = await stream.end()
  print(
    `${accepted} images accepted, ${stream.finished} developed correctly, in ${seconds(performance.now() - startedAt)}`,
  )
  if (wrong.length > 0) throw new Error(`these images are wrong:\n${wrong.join('\n')}`)
}

async function tryFault(stream: ImageStream, name: string, fault: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  await fault()
  await imagesComeBack(stream)
  await until('all containers are healthy', allHealthy, recoveryMs)
  print(`${name}: at most ${seconds(stream.longestGapSince(startedAt))} without a finished image`)
}

async function imagesComeBack(stream: ImageStream): Promise<void> {
  const goal = stream.finished + imagesBetween
  await until('images are finished', () => stream.finished >= goal, recoveryMs)
}

async function killOne(service: string): Promise<void> {
  const { id } = await firstOf(service)
  await project.docker('kill', id)
  await project.docker('start', id) // Docker doesn't restart a container after `docker kill`
}

/** Kills all processes of the container from inside, except the first process, which then exits, too. */
async function crashWorker(): Promise<void> {
  const { id, restarts } = await firstOf('image-worker')
  // The shell that sends the signal is killed, too.
  await project.docker('exec', id, 'sh', '-c', 'kill -9 -1').catch(() => undefined)
  await until('it is started again', async () => {
    const now = (await project.containers('image-worker')).find(container => container.id === id)
    return now !== undefined && now.restarts > restarts
  })
}

async function stopWorker(): Promise<void> {
  const { id } = await firstOf('image-worker')
  await project.docker('stop', '--time', '45', id)
  const stopped = (await project.containers('image-worker')).find(container => container.id === id)
  if (stopped?.exitCode !== 0) throw new Error(`a worker that was stopped exited ${stopped?.exitCode}`)
  await project.docker('start', id)
}

async function scaleWorkers(count: number): Promise<void> {
  await project.compose('up', '-d', '--no-recreate', '--scale', `image-worker=${count}`)
  await until(`${count} workers run`, async () => (await project.containers('image-worker')).length === count)
}

async function firstOf(service: string): Promise<Container> {
  const [container] = await project.containers(service)
  if (container === undefined) throw new Error(`${service} has no container`)
  return container
}

/** The services that keep running; containers that only prepare something have exited. */
async function longRunningServices(): Promise<string[]> {
  const running = (await project.containers()).filter(({ state }) => state === 'running')
  return [...new Set(running.map(({ service }) => service))]
}

async function allHealthy(): Promise<boolean> {
  const containers = await project.containers()
  return containers.every(({ state, health, exitCode }) =>
    state === 'running' ? health === 'healthy' || health === 'none' : state === 'exited' && exitCode === 0,
  )
}

async function isReady(): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok
}

async function giveUp(reason: string): Promise<never> {
  print(`FAILED: ${reason}`)
  print((await project.compose('logs', '--no-color', '--tail', '40').catch(String)) || 'no logs')
  await removeAll()
  process.exit(1)
}

async function removeAll(): Promise<void> {
  await project.compose('down', '--volumes', '--remove-orphans', '--timeout', '60')
  await project.docker('image', 'rm', '--force', 'darkroom-try')
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
