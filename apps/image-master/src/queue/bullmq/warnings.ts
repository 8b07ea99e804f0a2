/** The oldest version that BullMQ recommends. */
const oldestVersion = [6, 2]

/** Finds settings of Redis or Valkey that endanger the queue, from the response to INFO. */
export function warningsOf(info: string): string[] {
  const fields = new Map(info.split(/\r?\n/).map(line => splitOnce(line, ':')))
  const version = fields.get('redis_version') ?? ''
  const policy = fields.get('maxmemory_policy') ?? 'noeviction'
  const warnings: string[] = []
  if (isOlder(version)) {
    warnings.push(`Redis ${version} is too old for the queue: use 6.2 or later, or any Valkey`)
  }
  if (policy !== 'noeviction') {
    warnings.push(
      `Redis may delete jobs of the queue: its maxmemory-policy is ${policy}; set maxmemory-policy noeviction`,
    )
  }
  if (fields.get('aof_enabled') === '0') {
    warnings.push(
      'Redis loses the queue when it restarts: it has no append-only file; set appendonly yes. ' +
        'After a restart, the queue is refilled from the task DB, in the order of arrival',
    )
  }
  return warnings
}

/** Dragonfly and others report the version of Redis that they are compatible with. */
function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldestVersion
  return version !== '' && (major < oldestMajor || (major === oldestMajor && minor < oldestMinor))
}

function splitOnce(text: string, separator: string): [string, string] {
  const [head = '', ...rest] = text.split(separator)
  return [head, rest.join(separator)]
}
