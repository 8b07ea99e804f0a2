import { createLogger, endOnSignal } from '@darkroom/service-kit'
import { startAllServices } from '../all-services.ts'
import { loadOrMakeClusterToken } from '../cluster-token.ts'
import { loadSettings, type Settings } from '../settings.ts'

/** Runs all services until a signal ends them. */
export async function startCommand(process: NodeJS.Process): Promise<number> {
  const settings = loadSettings(process.env)
  const clusterToken = settings.clusterToken ?? loadOrMakeClusterToken(settings.dataDir)
  const { services, close } = await startAllServices({ ...settings, clusterToken }, process.env)
  // The worker's images may take all of the time to drain, and the services wait for the worker.
  const drainMs = 2 * settings.drainMs
  endOnSignal(process, { close, drainMs, logger: createLogger('darkroom', settings.logLevel) })
  process.stdout.write(greeting(services, settings, process.uptime()))
  return 0
}

function greeting(services: { name: string; url: string }[], { dataDir }: Settings, seconds: number): string {
  const frontend = services.find(({ name }) => name === 'frontend')?.url
  const lines = services.map(({ name, url }) => `  ${name.padEnd(14)}${url}`)
  return `Darkroom is ready (${seconds.toFixed(1)} s)

${lines.join('\n')}
  data          ${dataDir}

Try it:
  curl --data-binary @photo.jpg ${frontend}/images
  npx darkroom develop photo.jpg

Ctrl-C ends it.
`
}
