import { defaultPorts } from '@darkroom/contracts'
import { Config as WorkerConfig } from '@darkroom/image-worker/config'
import { collectLessOften, createLogger, endOnSignal, releaseMemoryAtRest } from '@darkroom/service-kit'
import { InUse, lockFolder, UnusableFile } from '@darkroom/sqlite'
import { loadOrMakeClusterToken } from '../cluster-token.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { environmentOf, furtherPorts, loadSettings, type Settings } from '../settings.ts'
import { readConfig } from '../start/read-config.ts'
import { SupervisedWorker } from '../start/supervised-worker.ts'
import { untilReady } from '../start/until-ready.ts'
import { refuseArguments, refuseOtherOptions } from '../usage-error.ts'

/** Runs all services until a signal ends them. Prints the service that it waits for, and when all are ready. */
export async function startCommand(
  process: NodeJS.Process,
  surplus: string[],
  options: object,
): Promise<number> {
  refuseArguments('start', surplus)
  refuseOtherOptions('start', options)
  const given = loadSettings(process.env)
  process.umask(0o077) // only the owner may read the files
  const lock = lockDataDir(given.dataDir)
  const settings = { ...given, clusterToken: given.clusterToken ?? loadOrMakeClusterToken(given.dataDir) }
  // A separate process, so that a crash in native code does not end the services. It loads while the services load here.
  const workerEnv = environmentOf('image-worker', settings, process.env)
  const mistakes = new Set<string>()
  readConfig(WorkerConfig, workerEnv, mistakes)
  // With a mistake in its settings, the worker would start and die again and again.
  const worker =
    mistakes.size === 0
      ? new SupervisedWorker(workerEnv, createLogger('image-worker', settings.logLevel))
      : undefined
  const { startAllServices } = await import('../start/all-services.ts')
  collectLessOften() // after the modules are loaded: V8 refuses code that was compiled before its flags changed
  const running = await startAllServices(settings, process.env, worker, mistakes).catch(
    explainTakenPort(settings),
  )
  const closing = new AbortController()
  const close = () => {
    closing.abort()
    return running.close().finally(() => lock[Symbol.dispose]())
  }
  // The worker may need all of its time to drain, and the services wait for the worker.
  const drainMs = 2 * settings.drainMs
  endOnSignal(process, { close, drainMs, logger: createLogger('darkroom', settings.logLevel) })
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  await untilReady(running.services, { signal: closing.signal, print })
  releaseMemoryAtRest()
  if (!closing.signal.aborted) process.stdout.write(greeting(running.services, settings, process.uptime()))
  return 0
}

function lockDataDir(dataDir: string): Disposable {
  try {
    return lockFolder(dataDir)
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    const message =
      error instanceof InUse
        ? `another Darkroom uses ${dataDir}; stop it, or set DATA_DIR`
        : `${error.message}; set DATA_DIR to a folder that you can write to`
    throw new ExpectedFailure(message, { cause: error })
  }
}

/** PORT is the first of several consecutive ports. */
function explainTakenPort({ port }: Settings): (error: unknown) => never {
  return error => {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') throw error
    const taken = 'port' in error ? error.port : 'one of these ports'
    const message = `PORT=${port} uses the ports ${port} to ${port + furtherPorts}, and another program listens on ${taken}`
    throw new ExpectedFailure(`${message}; set PORT to another port`, { cause: error })
  }
}

function greeting(
  services: { name: string; url: string }[],
  { dataDir, port }: Settings,
  seconds: number,
): string {
  const frontend = services.find(({ name }) => name === 'frontend')?.url
  const where = port === defaultPorts.frontend ? '' : `--url ${frontend} `
  const lines = services.map(({ name, url }) => `  ${name.padEnd(14)}${url}`)
  return `Darkroom is ready (${seconds.toFixed(1)} s)

Open ${frontend} in a browser, or try:
  curl --data-binary @photo.jpg ${frontend}/images
  npx darkroom develop ${where}photo.jpg

${lines.join('\n')}
  data          ${dataDir}

Press Ctrl-C to stop.
`
}
