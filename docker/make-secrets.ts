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
import { join } from 'node:path'

/**
 * Makes the secrets that the containers of one installation share, in the folder given: files that only their owner
 * reads, each made once and then kept, since what they open was made with them.
 */
const folder = process.argv[2] ?? '/secrets'

keep('cluster-token', () => random())
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
// Serf takes a key of 16 bytes. On SIGTERM its agent says goodbye, instead of being missed; and it looks for lost
// ones every 5 s instead of every 30, so that a healed partition is noticed soon.
keep('serf.json', () =>
  JSON.stringify({
    encrypt_key: randomBytes(16).toString('base64'),
    leave_on_terminate: true,
    reconnect_interval: '5s',
  }),
)

/** Letters and digits only, so that it stands in a URL and on a command line as it is. */
function random(bytes = 32): string {
  return randomBytes(bytes).toString('hex')
}

function keep(name: string, make: () => string): string {
  const path = join(folder, name)
  if (!existsSync(path)) {
    writeDurably(path, make())
    process.stdout.write(`made ${name}\n`)
  }
  return readFileSync(path, 'utf8')
}

/** All of it or nothing, also after a power cut: an empty password would be one. */
function writeDurably(path: string, content: string): void {
  const unfinished = `${path}.new`
  rmSync(unfinished, { force: true }) // of a start that was killed
  const file = openSync(unfinished, 'w', 0o400)
  writeSync(file, content)
  fsyncSync(file)
  closeSync(file)
  renameSync(unfinished, path)
  const entries = openSync(folder, 'r')
  fsyncSync(entries)
  closeSync(entries)
}
