import type { Logger } from '@darkroom/service-kit'
import type { ClientBase } from 'pg'
import { askServer } from './failures.ts'

/**
 * Makes the commits of one connection wait for the disk, whatever the server's default: an acknowledged change must
 * survive a power cut. A stricter setting (`remote_apply`) stays.
 */
export async function waitForDisk(client: ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
  )
}

/** Logs the settings of the server that put acknowledged tasks at risk. */
export async function warnOfRisks(client: ClientBase, logger: Logger): Promise<void> {
  const settings = Object.keys(risks)
  const text = `SELECT name FROM pg_settings WHERE reset_val = 'off' AND name = ANY ($1)`
  const { rows } = await askServer(client.query<{ name: string }>(text, [settings]))
  for (const { name } of rows) logger.error({ setting: name }, risks[name])
}

const risks: Readonly<Record<string, string>> = {
  fsync:
    'PostgreSQL runs with fsync=off: a power cut loses accepted tasks, and may damage the database: set fsync=on',
  full_page_writes:
    'PostgreSQL runs with full_page_writes=off: a power cut may damage the database: set full_page_writes=on',
  synchronous_commit:
    'PostgreSQL runs with synchronous_commit=off, which loses accepted tasks when it crashes; this service turns it on for its own connections only',
}
