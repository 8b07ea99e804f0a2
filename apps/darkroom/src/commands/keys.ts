import { type KeyDescription, type NewKey, type Role, roles } from '@darkroom/contracts'
import { KeyStore } from '@darkroom/frontend/keys'
import { callServices } from '../call-services.ts'
import { durationSeconds } from '../duration.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { requireOwner } from '../require-owner.ts'
import { argumentError, BriefUsageError, UsageError } from '../usage-error.ts'
import { withoutControls } from '../without-controls.ts'

interface KeyOptions {
  role?: string
  owner?: string
  name?: string
  expires?: string
  keep?: string
  callback?: string
}

const createdBy = 'command line'
const maxNameLength = 100

/** The arguments of each verb. */
const verbs: Readonly<Record<string, { options: readonly (keyof KeyOptions)[]; takesId: boolean }>> = {
  create: { options: ['role', 'owner', 'name', 'expires', 'callback'], takesId: false },
  list: { options: [], takesId: false },
  revoke: { options: [], takesId: true },
  rotate: { options: ['keep'], takesId: true },
}

/**
 * Manages API keys in kv-config. Needs the cluster token instead of an API key, so that a lost operator key can be
 * replaced.
 */
export async function keysCommand(
  process: NodeJS.Process,
  names: string[],
  options: KeyOptions,
): Promise<number> {
  const [verb = '', ...rest] = names
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (!known) throw argumentError('keys', Object.keys(verbs).join(', '), names)
  if (rest.length !== (known.takesId ? 1 : 0))
    throw new UsageError(`keys ${verb} ${known.takesId ? 'needs the id of a key' : 'takes no arguments'}`)
  const surplus = Object.keys(options).find(name => !known.options.includes(name as keyof KeyOptions))
  if (surplus !== undefined) throw new UsageError(`keys ${verb} has no option --${surplus}`)
  const [id = ''] = rest
  const given = readNewKey(options)
  const keepSeconds = options.keep === undefined ? 0 : durationSeconds('--keep', options.keep)

  return callServices(process.env, async ({ kv }) => {
    const store = new KeyStore(kv)
    const print = ({ key, ...made }: KeyDescription & { key: string }, message: string) => {
      process.stderr.write(`${message} ${summary(made)}; it will not be shown again:\n`)
      process.stdout.write(`${key}\n`)
    }
    if (verb === 'create') print(await store.create(given, createdBy), 'created')
    if (verb === 'list') process.stdout.write(table(await store.list()))
    if (verb === 'rotate') {
      const until = keepSeconds > 0 ? `ends in ${options.keep}` : 'has ended'
      print(
        (await store.rotate(id, keepSeconds, createdBy)) ?? noSuchKey(id),
        `${id} ${until}; it is replaced by`,
      )
    }
    if (verb === 'revoke') {
      const revoked = (await store.revoke(id)) ?? noSuchKey(id)
      process.stderr.write(`revoked ${summary(revoked)}\n`)
    }
    return 0
  })
}

function readNewKey({ role = 'user', owner, name, expires, callback }: KeyOptions): NewKey {
  if (!roles.includes(role as Role))
    throw new BriefUsageError(`--role must be ${roles.join(' or ')}, got "${role}"`)
  if (owner !== undefined) requireOwner(owner)
  if (name !== undefined && (name === '' || name.length > maxNameLength))
    throw new BriefUsageError(
      `--name must be 1 to ${maxNameLength} characters long, got ${name.length} characters`,
    )
  return {
    role: role as Role,
    ...(owner !== undefined && { owner }),
    ...(name !== undefined && { name }),
    ...(callback !== undefined && { callback: requireUrl(callback) }),
    ...(expires !== undefined && {
      expiresAt: new Date(Date.now() + durationSeconds('--expires', expires) * 1000).toISOString(),
    }),
  }
}

function requireUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url
  throw new BriefUsageError(`--callback must be an http or https URL, got "${url}"`)
}

function noSuchKey(id: string): never {
  throw new ExpectedFailure(`there is no API key ${id}; npx darkroom keys list prints all keys`)
}

function summary({ id, role, owner }: KeyDescription): string {
  return `the API key ${id} (${role}, owner ${owner})`
}

function table(keys: KeyDescription[]): string {
  if (keys.length === 0)
    return 'there are no API keys; to create the first: npx darkroom keys create --role operator\n'
  const rows = keys.map(({ id, role, owner, name = '', createdAt, expiresAt }) => [
    id,
    role,
    owner,
    createdAt.slice(0, 10),
    expiresAt === undefined ? 'never' : expiryOf(expiresAt),
    withoutControls(name),
  ])
  const lines = [['id', 'role', 'owner', 'created', 'expires', 'name'], ...rows]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0))) ?? []
  const aligned = lines.map(line => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
  return aligned.map(line => `${line.trimEnd()}\n`).join('')
}

function expiryOf(expiresAt: string): string {
  const isOver = Date.parse(expiresAt) <= Date.now()
  return `${expiresAt.slice(0, 16).replace('T', ' ')}${isOver ? ' (expired)' : ''}`
}
