import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ExpectedFailure } from './expected-failure.ts'
import { UsageError } from './usage-error.ts'

const usage = `Darkroom: self-hosted, asynchronous image processing

  darkroom start                        runs all services in this process
  darkroom develop <image…> [options]   uploads images (files, folders or URLs), waits, and writes the results
      -o, --out <folder>                the folder for the results (default: developed/)
      --operations <list>               the operations to apply (default: swap-channels:bgr)
      --variant <name>=<list>           makes a further result, name_thumb.webp for thumb=format:webp; can be repeated
      --preset <name>                   uses a preset; --operations and --variant replace its operations and variants
      --concurrency <count>             how many images to develop at once (default: 8)
      --json                            prints one line of JSON for each image on standard output
      --url <url>                       the URL of Darkroom (default: DARKROOM_URL, else PORT on this machine)
      --key <key>                       the API key, if one is needed (default: DARKROOM_KEY)
  darkroom presets                      lists the presets with their operations
  darkroom presets create <name>        makes or replaces a preset with --operations and --variant
  darkroom presets show <name>          shows the operations of a preset
  darkroom presets delete <name>        deletes a preset; images that were made with it stay
  darkroom retry <id…>                  develops failed images again
  darkroom retry --all                  develops all failed images again, or only those that match:
      --type <undecodable>              failed with this problem
      --owner <name>, --preset <name>   belong to this owner; were uploaded with this preset
      --since <2h>                      arrived within this time, or since an instant (2026-01-31T10:00:00Z)
  darkroom delete <id…>                 deletes images with their results
                                        presets, retry and delete also have the options --url, --key and --json
  darkroom status                       shows which services are ready, and how many images are waiting
  darkroom intake <pause|open|show>     makes every frontend refuse uploads (503), or accept them again
      --url <url>                       a node of cluster-state to use if kv-config is unreachable
  darkroom keys create [options]        makes an API key, and prints it once; after the first, every request needs a key
      --role <user|operator>            operators see all images, and manage keys (default: user)
      --owner <name>                    the owner whose images the key can see (default: the id of the key)
      --name <words>                    a note for people: who uses the key, and where
      --expires <90d>                   when the key expires (default: never)
      --callback <url>                  where notices of its images are posted (default: nowhere)
  darkroom keys list                    lists all API keys, without their secrets
  darkroom keys revoke <id>             revokes a key at once
  darkroom keys rotate <id>             replaces a key by a new one for the same owner
      --keep <1d>                       keeps the old key valid for this time
  darkroom erase --owner <name> [--yes] revokes all keys of an owner, and deletes all its images and uploads
  darkroom token worker                 prints the token for workers (WORKER_TOKEN), which opens only a worker's routes
  darkroom webhooks secret              prints the secret that signs webhooks; --owner <name>: of this owner
  darkroom webhooks rotate              makes a new secret; --owner <name>; --keep <1d>: the old one still signs
  darkroom new-node-id                  gives a copied data folder a new node id
  darkroom migrate task-db [options]    copies all tasks to another engine, and compares them at the end
      --from <url>, --to <url>          sqlite:<path>, or postgres://<user>:<password>@<host>/<database>
  darkroom migrate kv-config [options]  copies all entries except registrations to another engine
      --from <url>, --to <url>          sqlite:<path>, or etcd://<host>:2379,…

start, status, intake, keys, erase and new-node-id are configured by environment variables: PORT (of the frontend; the
other services use the next ports), DATA_DIR, LOG_LEVEL, LOG_FORMAT, THREADS, and those of each service (see its README).
`

/** Each command is loaded when it is needed. */
const commands = {
  delete: async () => (await import('./commands/images.ts')).deleteCommand,
  develop: async () => (await import('./commands/develop.ts')).developCommand,
  erase: async () => (await import('./commands/erase.ts')).eraseCommand,
  intake: async () => (await import('./commands/intake.ts')).intakeCommand,
  keys: async () => (await import('./commands/keys.ts')).keysCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  'new-node-id': async () => (await import('./commands/new-node-id.ts')).newNodeIdCommand,
  presets: async () => (await import('./commands/presets.ts')).presetsCommand,
  retry: async () => (await import('./commands/images.ts')).retryCommand,
  start: async () => (await import('./commands/start.ts')).startCommand,
  token: async () => (await import('./commands/token.ts')).tokenCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  webhooks: async () => (await import('./commands/webhooks.ts')).webhooksCommand,
}

/** The options of all commands; each command refuses those that it doesn't have. */
const options = {
  all: { type: 'boolean' },
  callback: { type: 'string' },
  concurrency: { type: 'string' },
  expires: { type: 'string' },
  from: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  keep: { type: 'string' },
  key: { type: 'string' },
  name: { type: 'string' },
  operations: { type: 'string' },
  out: { type: 'string', short: 'o' },
  owner: { type: 'string' },
  preset: { type: 'string' },
  role: { type: 'string' },
  since: { type: 'string' },
  to: { type: 'string' },
  type: { type: 'string' },
  url: { type: 'string' },
  variant: { type: 'string', multiple: true },
  yes: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

/** Runs the command that the arguments name; resolves with the exit code. */
export async function runCommandLine(process: NodeJS.Process): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options,
    })
    const [name = '', ...rest] = positionals
    if (values.help || name === '' || name === 'help') {
      process.stdout.write(usage)
      return 0
    }
    if (!Object.hasOwn(commands, name)) throw new UsageError(`there is no command "${name}"`)
    const command = await commands[name as keyof typeof commands]()
    return await command(process, rest, values)
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error)
    const message = isUsage || error instanceof ExpectedFailure ? error.message : await describe(error)
    const isExplained = isUsage && !(error instanceof UsageError && error.isBrief)
    process.stderr.write(`darkroom: ${message}\n${isExplained ? `\n${usage}` : ''}`)
    return isUsage ? 2 : 1
  }
}

/** Loads what it needs only after an error. */
async function describe(error: unknown): Promise<string> {
  const { DarkroomError } = await import('@darkroom/client/source')
  if (error instanceof DarkroomError) return error.message
  const { describeStartError } = await import('@darkroom/service-kit')
  return describeStartError(error)
}
