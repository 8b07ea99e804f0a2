import { DatabaseSync } from 'node:sqlite'
import { prepareFile, UnusableFile, unusable } from './unusable-file.ts'

/** The steps from an empty database to the current version. Only append to them. */
export type Migrations = readonly string[]

/**
 * Opens a database whose commits are on disk when they return: write-ahead log with synchronous=FULL. (With NORMAL, a
 * common default, a power cut lost every acknowledged row in a measurement.)
 *
 * `pageBytes` applies only to a new database.
 *
 * @throws UnusableFile also when a newer version of the program wrote the file
 */
export function openDatabase(path: string, migrations: Migrations, { pageBytes = 4096 } = {}): DatabaseSync {
  prepareFile(path)
  using opening = new DisposableStack()
  try {
    const database = opening.use(new DatabaseSync(path, { timeout: 5000 }))
    database.exec(`PRAGMA page_size = ${pageBytes}`)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    migrate(database, migrations, path)
    opening.move()
    return database
  } catch (error) {
    throw unusable(path, error)
  }
}

function migrate(database: DatabaseSync, migrations: Migrations, path: string): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    if (version > migrations.length) {
      throw new UnusableFile(
        `${path} has version ${version}; this program supports versions up to ${migrations.length}: use a newer Darkroom`,
      )
    }
    for (const step of migrations.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    // The steps before have created the tables, unless another program has set the version.
    const { message } = error as Error
    if (message.startsWith('no such table'))
      throw new UnusableFile(
        `${path}: this file belongs to another service or program (${message}); name another file`,
      )
    throw error
  }
}
