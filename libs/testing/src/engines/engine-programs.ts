import assert from 'node:assert/strict'
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'

/** The real servers and tools that suites need: the program, what its suites prove, and its package in Debian. */
export const enginePrograms = {
  redis: { program: 'redis-server', proves: 'the queue on BullMQ', debianPackage: 'redis-server' },
  postgres: { program: 'postgres', proves: 'the task DB on PostgreSQL', debianPackage: 'postgresql' },
  pgbouncer: { program: 'pgbouncer', proves: 'the task DB behind PgBouncer', debianPackage: 'pgbouncer' },
  etcd: { program: 'etcd', proves: 'kv-config on etcd', debianPackage: 'etcd-server' },
  s3: {
    program: 'radosgw',
    proves: 'the storage on S3 (Ceph)',
    debianPackage: 'ceph-mon ceph-osd radosgw',
  },
  serf: { program: 'serf', proves: 'cluster-state among Serf agents', debianPackage: 'serf' },
  nginx: { program: 'nginx', proves: 'the frontend behind nginx', debianPackage: 'nginx-light' },
  haproxy: { program: 'haproxy', proves: 'the frontend behind HAProxy', debianPackage: 'haproxy' },
  caddy: { program: 'caddy', proves: 'the frontend behind Caddy', debianPackage: 'caddy' },
  promtool: { program: 'promtool', proves: 'metrics and alert rules', debianPackage: 'prometheus' },
  chromium: { program: 'chromium', proves: 'the page in a browser', debianPackage: 'chromium' },
  faketime: { program: 'faketime', proves: 'behaviour when the clock is set', debianPackage: 'faketime' },
} as const
export type EngineName = keyof typeof enginePrograms

/** The path of a server's program; undefined if it isn't installed. */
export function findEngine(name: EngineName): string | undefined {
  return findProgram(enginePrograms[name].program)
}

/** The path of a program; undefined if it isn't installed. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...postgresFolders()]
  return folders.map(folder => join(folder, program)).find(isExecutable)
}

/** The message about a missing engine, with the package to install. */
export function missingEngineMessage(name: EngineName): string {
  const { program, proves, debianPackage } = enginePrograms[name]
  return `skipped: ${proves}; needs ${program} (Debian: apt-get install ${debianPackage})`
}

/**
 * Registers tests that need a real server. If its program isn't installed, they are skipped, and the run prints a message;
 * with ENGINES=required, they fail.
 */
export function withEngine<T>(name: EngineName, register: (program: string) => T): T | undefined {
  const program = findEngine(name)
  if (program !== undefined) return register(program)
  const message = missingEngineMessage(name)
  if (process.env.ENGINES === 'required') test(message, () => assert.fail(message))
  else test(message, { skip: true })
  return undefined
}

/** Debian keeps the programs of the server off the path, in a folder for each version. */
function postgresFolders(): string[] {
  return globSync('/usr/lib/postgresql/*/bin').sort().reverse()
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
