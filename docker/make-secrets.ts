import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { deriveWorkerToken } from '../libs/service-kit/src/http/worker-token.ts'

/**
 * Generates the secrets that the containers of one installation share, in the given folder: files that only their owner can
 * read. Each secret is generated once and then kept, because stored data depends on it.
 */
const [folder = '/secrets', workerFolder = '/worker-secrets'] = process.argv.slice(2)

const clusterToken = keep('cluster-token', () => random())
// This token has a separate folder, so that workers can't read the other secrets.
keep('worker-token', () => deriveWorkerToken(clusterToken), workerFolder)
const password = keep('task-store-password', () => random())
keep('task-store-url', () => `postgres://darkroom:${password}@postgres:5432/darkroom`)
const [accessKey, secretKey] = [
  keep('s3-access-key', () => random(12)),
  keep('s3-secret-key', () => random()),
]
keep('aws-credentials', () =>
  ['[default]', `aws_access_key_id = ${accessKey}`, `aws_secret_access_key = ${secretKey}`].join('\n'),
)
keep('s3-identities.json', () => {
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging']
  return JSON.stringify({
    identities: [{ name: 'darkroom', credentials: [{ accessKey, secretKey }], actions }],
  })
})
// Serf needs a key of 16 bytes. On SIGTERM its agent leaves the cluster. It looks for lost agents every 5 s instead of
// every 30 s, so that the end of a partition is noticed soon.
keep('serf.json', () =>
  JSON.stringify({
    encrypt_key: randomBytes(16).toString('base64'),
    leave_on_terminate: true,
    reconnect_interval: '5s',
  }),
)

/** A secret of letters and digits only, which needs no escaping in a URL or on a command line. */
function random(bytes = 32): string {
  return randomBytes(bytes).toString('hex')
}

function keep(name: string, make: () => string, inFolder = folder): string {
  const path = join(inFolder, name)
  if (!existsSync(path)) {
    writeDurably(path, make())
    process.stdout.write(`made ${name}\n`)
  }
  return readFileSync(path, 'utf8')
}

/** Writes a file completely or not at all, also after a power cut: an empty file would be an empty password. */
function writeDurably(path: string, content: string): void {
  const unfinished = `${path}.new`
  rmSync(unfinished, { force: true }) // left by a start that was killed
  const file = openSync(unfinished, 'w', 0o400)
  writeSync(file, content)
  fsyncSync(file)
  closeSync(file)
  renameSync(unfinished, path)
  const entries = openSync(dirname(path), 'r')
  fsyncSync(entries)
  closeSync(entries)
}
