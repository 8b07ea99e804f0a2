import { existsSync } from 'node:fs'
import { storeUrlPattern as kvStoreUrlPattern, migrateKv, openKvStore } from '@darkroom/kv-config/migrate'
import {
  createLogger,
  InvalidConfig,
  RequestRefused,
  StoreFull,
  StoreMisconfigured,
  StoreUnavailable,
} from '@darkroom/service-kit'
import { FileInUse, UnusableFile } from '@darkroom/sqlite'
import {
  MigrationIncomplete,
  migrateTasks,
  openTaskStore,
  storeUrlPattern as taskStoreUrlPattern,
} from '@darkroom/task-db/migrate'
import { ExpectedFailure } from '../expected-failure.ts'
import { MigrationProgress } from '../migration-progress.ts'
import { UsageError } from '../usage-error.ts'

interface Migration {
  urlPattern: RegExp
  /** The forms of its URLs, for errors. */
  urlForms: string
  /** Copies all data from one store to another and compares them; returns a report in sentences. */
  run(
    urls: { from: string; to: string },
    options: { signal: AbortSignal; progress: MigrationProgress },
  ): Promise<string[]>
}

const migrations: Readonly<Record<string, Migration>> = {
  'kv-config': {
    urlPattern: new RegExp(kvStoreUrlPattern),
    urlForms: 'sqlite:<path> or etcd://<host>:2379,…',
    run: moveEntries,
  },
  'task-db': {
    urlPattern: new RegExp(taskStoreUrlPattern),
    urlForms: 'sqlite:<path> or postgres://<user>:<password>@<host>/<database>',
    run: moveTasks,
  },
}

/** Moves the data of a service to another engine. Ctrl-C stops it; the next run continues. */
export async function migrateCommand(
  process: NodeJS.Process,
  [service = '', ...rest]: string[],
  { from, to, ...others }: { from?: string; to?: string },
): Promise<number> {
  const migration = Object.hasOwn(migrations, service) ? migrations[service] : undefined
  const names = Object.keys(migrations).join(' or ')
  if (!migration || rest.length > 0) throw new UsageError(`migrate needs the name of a service: ${names}`)
  if (from === undefined || to === undefined || from === to || Object.keys(others).length > 0)
    throw new UsageError('migrate needs --from and --to, the URLs of two stores')
  for (const [option, url] of Object.entries({ '--from': from, '--to': to })) {
    // The URL is not repeated, because it may contain a password.
    if (!migration.urlPattern.test(url))
      throw new UsageError(`${option} must be ${migration.urlForms}`, { isBrief: true })
  }
  checkIsThere(from)

  process.umask(0o077) // only the owner may read the files
  const interrupt = new AbortController()
  const interrupted = () => interrupt.abort(new Interrupted())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted) // a second signal ends it at once
  const progress = new MigrationProgress(process.stderr)
  try {
    const sentences = await migration.run({ from, to }, { signal: interrupt.signal, progress })
    progress.end()
    process.stdout.write(sentences.map(sentence => `${service}: ${sentence}\n`).join(''))
    return 0
  } catch (error) {
    progress.end()
    throw explain(error, service)
  }
}

/** SQLite would create a missing file, and nothing would be copied. */
function checkIsThere(from: string): void {
  if (isFile(from) && !existsSync(placeOf(from))) throw new ExpectedFailure(`there is no ${placeOf(from)}`)
}

function isFile(url: string): boolean {
  return url.startsWith('sqlite:')
}

/** The store of a URL, without its password. With an unencoded @, nothing after the scheme is shown: it may be secret. */
function placeOf(url: string): string {
  if (isFile(url)) return url.slice('sqlite:'.length)
  const [, scheme, host = '…'] = /^(\w+:\/\/)(?:(?:[^@/?#]*@)?([^@?#]+)(?:\?[^@]*)?$)?/.exec(url) ?? []
  return `${scheme}${host}`
}

/** Stopped by a signal. */
class Interrupted extends Error {}

function explain(cause: unknown, service: string): unknown {
  const explained = (message: string) => new ExpectedFailure(message, { cause })
  if (cause instanceof Interrupted)
    return explained('stopped; the copied part stays, and the same command continues')
  if (cause instanceof FileInUse) return explained(`${cause.message}; stop ${service} first`)
  if (cause instanceof MigrationIncomplete)
    return explained(
      `the copy is not complete: ${cause.message}; stop all other programs that write to the target, and run the same command again`,
    )
  const message = explanationOf(cause)
  return message === undefined ? cause : explained(message)
}

/** An explanation of an engine's error; undefined for any other error. */
function explanationOf(error: unknown): string | undefined {
  if (error instanceof InvalidConfig) return error.mistakes.join('; ')
  if (error instanceof StoreMisconfigured || error instanceof RequestRefused) return error.message
  if (error instanceof StoreUnavailable || error instanceof StoreFull) {
    // For a name with several addresses, each attempt has an error, and the AggregateError has no message.
    const [reason] = error.cause instanceof AggregateError ? error.cause.errors : [error.cause]
    return reason instanceof Error ? `${error.message} (${reason.message})` : error.message
  }
  return error instanceof Error && 'errstr' in error ? error.message : undefined // SQLite's
}

/**
 * Opens a store until the stack is disposed of, and sends it a request, because opening does not fail if the engine does
 * not answer.
 * @throws ExpectedFailure that names the store
 */
async function openStore<Store extends { close(): Promise<void> }>(
  url: string,
  stores: AsyncDisposableStack,
  open: () => Store | Promise<Store>,
  ask: (store: Store) => Promise<unknown>,
): Promise<Store> {
  try {
    const store = stores.adopt(await open(), store => store.close())
    await ask(store)
    return store
  } catch (cause) {
    if (cause instanceof FileInUse) throw cause
    if (cause instanceof UnusableFile) throw new ExpectedFailure(cause.message, { cause })
    const message = explanationOf(cause)
    throw message === undefined ? cause : new ExpectedFailure(`${placeOf(url)}: ${message}`, { cause })
  }
}

async function moveTasks(
  { from, to }: { from: string; to: string },
  { signal, progress }: { signal: AbortSignal; progress: MigrationProgress },
): Promise<string[]> {
  const settings = { connections: 4, timeoutMs: 10_000, logger: createLogger('migrate', 'silent') }
  await using stores = new AsyncDisposableStack()
  const open = (url: string) =>
    openStore(
      url,
      stores,
      () => openTaskStore({ url, ...settings }),
      store => store.stats(),
    )
  const source = await open(from)
  const target = await open(to)
  const onProgress = progress.show.bind(progress)
  const { tasks, copied, newer, others, digest } = await migrateTasks({
    from: source,
    to: target,
    signal,
    onProgress,
  })
  return [
    `${tasks} tasks, ${copied} of them copied now`,
    ...(newer > 0 ? [`${newer} are newer in the target, and were not changed there`] : []),
    ...(others > 0 ? [`${others} other tasks were already in the target`] : []),
    `verified: ${tasks - newer} documents are the same in both stores (sha-256 ${digest})`,
  ]
}

/** Registrations are not copied: services register again. */
async function moveEntries(
  { from, to }: { from: string; to: string },
  { signal, progress }: { signal: AbortSignal; progress: MigrationProgress },
): Promise<string[]> {
  const logger = createLogger('migrate', 'silent')
  await using stores = new AsyncDisposableStack()
  const open = (url: string) =>
    openStore(
      url,
      stores,
      () => openKvStore({ url, logger }),
      store => store.get('ready'),
    )
  const source = await open(from)
  const target = await open(to)
  const { copied, present, differing, registrations } = await migrateKv({
    from: source,
    to: target,
    signal,
    onProgress: counts => {
      const done = counts.copied + counts.present + counts.differing + counts.registrations
      progress.show({ phase: 'copying', done })
    },
  })
  return [
    `${copied + present + differing} entries, ${copied} of them copied now`,
    ...(differing > 0 ? [`${differing} have another value in the target, and were not changed there`] : []),
    ...(registrations > 0 ? [`${registrations} registrations are left out; services register again`] : []),
  ]
}
