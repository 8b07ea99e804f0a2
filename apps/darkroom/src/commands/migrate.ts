import { existsSync } from 'node:fs'
import { storeUrlPattern as kvStoreUrlPattern } from '@darkroom/kv-config/migrate'
import { InUse } from '@darkroom/sqlite'
import { storeUrlPattern as blobStoreUrlPattern } from '@darkroom/storage/migrate'
import { MigrationIncomplete, storeUrlPattern as taskStoreUrlPattern } from '@darkroom/task-db/migrate'
import { ExpectedFailure } from '../expected-failure.ts'
import { Interrupted, watchForInterruption } from '../interruption.ts'
import { explanationOf } from '../migrate/explain-store-error.ts'
import { migrateBlobs } from '../migrate/migrate-blobs.ts'
import { migrateEntries } from '../migrate/migrate-entries.ts'
import { migrateTasks } from '../migrate/migrate-tasks.ts'
import type { Migrate } from '../migrate/migration.ts'
import { MigrationProgress } from '../migrate/migration-progress.ts'
import { pathOf } from '../migrate/store-place.ts'
import { BriefUsageError, refuseOtherOptions, UsageError } from '../usage-error.ts'

interface Migration {
  urlPattern: RegExp
  /** The forms of its URLs, for errors. */
  urlForms: string
  run: Migrate
}

const migrations: Readonly<Record<string, Migration>> = {
  'kv-config': {
    urlPattern: new RegExp(kvStoreUrlPattern),
    urlForms: 'sqlite:<path> or etcd://<host>:2379,…',
    run: migrateEntries,
  },
  'task-db': {
    urlPattern: new RegExp(taskStoreUrlPattern),
    urlForms: 'sqlite:<path> or postgres://<user>:<password>@<host>/<database>',
    run: migrateTasks,
  },
  storage: {
    urlPattern: new RegExp(blobStoreUrlPattern),
    urlForms: 'file:<folder> or s3://<bucket>?endpoint=…',
    run: migrateBlobs,
  },
}

/** Moves the data of a service to another engine. Ctrl-C stops it; the next run continues. */
export async function migrateCommand(
  process: NodeJS.Process,
  [service = '', ...rest]: string[],
  { from, to, ...others }: { from?: string; to?: string },
): Promise<number> {
  const migration = Object.hasOwn(migrations, service) ? migrations[service] : undefined
  const names = Object.keys(migrations).join(', ')
  if (!migration || rest.length > 0)
    throw new UsageError(`migrate needs the name of one of these services: ${names}`)
  refuseOtherOptions('migrate', others)
  if (from === undefined || to === undefined || from === to)
    throw new UsageError('migrate needs --from and --to, the URLs of two different stores')
  for (const [option, url] of Object.entries({ '--from': from, '--to': to })) {
    // The URL is not repeated, because it may contain a password.
    if (!migration.urlPattern.test(url)) throw new BriefUsageError(`${option} must be ${migration.urlForms}`)
  }
  checkIsThere(from)

  process.umask(0o077) // only the owner may read the files
  const { signal } = watchForInterruption(process)
  const progress = new MigrationProgress(process.stderr)
  try {
    const sentences = await migration.run({ from, to }, { signal, progress })
    progress.end()
    process.stdout.write(sentences.map(sentence => `${service}: ${sentence}\n`).join(''))
    return 0
  } catch (error) {
    progress.end()
    throw explain(error, service)
  }
}

/** The engine would create a missing file or folder, and nothing would be copied. */
function checkIsThere(from: string): void {
  const path = pathOf(from)
  if (path !== undefined && !existsSync(path)) throw new ExpectedFailure(`${path} does not exist`)
}

function explain(cause: unknown, service: string): unknown {
  const explained = (message: string) => new ExpectedFailure(message, { cause })
  if (cause instanceof Interrupted) return explained('stopped; run the same command again to continue')
  if (cause instanceof InUse) return explained(`${cause.message}; stop ${service} first`)
  if (cause instanceof MigrationIncomplete)
    return explained(
      `the copy is not complete: ${cause.message}; stop all other programs that write to the target, and run the same command again`,
    )
  const message = explanationOf(cause)
  return message === undefined ? cause : explained(message)
}
