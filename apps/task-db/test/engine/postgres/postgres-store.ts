import { createLogger, type Logger } from '@darkroom/service-kit'
import { Client } from 'pg'
import { PostgresTaskStore } from '../../../src/engine/postgres/postgres.ts'

/** Runs one statement on its own connection. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

let schemas = 0

/** The URL of an empty schema in the server's database. */
export async function emptySchema(url: string): Promise<string> {
  schemas += 1
  const schema = `test_${process.pid}_${schemas}`
  await query(url, `CREATE SCHEMA ${schema}`)
  return urlOfSchema(url, schema)
}

function urlOfSchema(url: string, schema: string): string {
  const within = new URL(url)
  within.searchParams.set('options', `-c search_path=${schema}`)
  return within.href
}

interface StoreOptions {
  now?: () => Date
  logger?: Logger
  connections?: number
  timeoutMs?: number
}

export function openPostgresStore(
  url: string,
  {
    logger = createLogger('task-db', 'silent'),
    connections = 5,
    timeoutMs = 5000,
    ...options
  }: StoreOptions = {},
): Promise<PostgresTaskStore> {
  return PostgresTaskStore.open({ url, logger, connections, timeoutMs, ...options })
}
