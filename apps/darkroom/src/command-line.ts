import { parseArgs } from 'node:util'
import { ExpectedFailure } from './expected-failure.ts'
import { UsageError } from './usage-error.ts'

const usage = `Darkroom: self-hosted, asynchronous image processing

  darkroom start                        runs all services in this process
  darkroom develop <image…> [options]   uploads images, waits, and writes the results; takes files, folders and URLs
      -o, --out <folder>                where to (default: developed/)
      --operations <list>               what to do (default: swap-channels:bgr)
      --variant <name>=<list>           makes a further result, name_thumb.webp for thumb=format:webp; can be repeated
      --preset <name>                   a preset, whose operations or variants the options before replace
      --concurrency <count>             how many images at once (default: 8)
      --json                            prints one line of JSON for each image on standard output
      --url <url>                       where Darkroom listens (default: DARKROOM_URL, else as PORT says)
      --key <key>                       an API key, where one is needed (default: DARKROOM_KEY)
  darkroom presets                      the presets and what they do
  darkroom presets create <name>        makes or replaces a preset of --operations and --variant
  darkroom presets show <name>          what a preset does
  darkroom presets delete <name>        deletes a preset; images that were made with it stay
  darkroom retry <id…>                  develops failed images again
  darkroom retry --all                  develops all failed images again that match:
      --type <undecodable>              that failed with this problem
      --owner <name>, --preset <name>   of this owner; uploaded with this preset
      --since <2h>                      that arrived within this time, or since an instant (2026-01-31T10:00:00Z)
  darkroom delete <id…>                 deletes images with their results
                                        these three take --url, --key and --json, too
  darkroom status                       what runs, and how many images wait
  darkroom intake <pause|open|show>     has every frontend refuse uploads (503), or take them again
      --url <url>                       a node of cluster-state to ask, when kv-config is out of reach
  darkroom keys create [options]        makes an API key, and prints it once; from the first on, every request needs one
      --role <user|operator>            operators see all images, and manage keys (default: user)
      --owner <name>                    whose images it sees (default: the key's own)
      --name <words>                    for people: who uses it, and where
      --expires <90d>                   when it ends (default: never)
      --callback <url>                  where notices of its images are posted (default: nowhere)
  darkroom keys list                    all API keys, without their secrets
  darkroom keys revoke <id>             ends a key at once
  darkroom keys rotate <id>             makes another key for the same owner, and ends this one
      --keep <1d>                       lets the old one work for a while
  darkroom erase --owner <name> [--yes] revokes all keys of an owner, and deletes all images and uploads
  darkroom token worker                 prints the token for workers (WORKER_TOKEN), which opens only what they need
  darkroom webhooks secret              prints the secret that signs webhooks; --owner <name>: of this owner
  darkroom webhooks rotate              makes another; --owner <name>, --keep <1d>: how long the one before signs, too
  darkroom new-node-id                  after a data folder was copied: makes the copy another node
  darkroom migrate task-db [options]    copies all tasks to another engine, and compares them at last
      --from <url>, --to <url>          sqlite:<path>, or postgres://<user>:<password>@<host>/<database>
  darkroom migrate kv-config [options]  copies all entries but registrations to another engine
      --from <url>, --to <url>          sqlite:<path>, or etcd://<host>:2379,…

Settings of start, status, intake, keys, erase and new-node-id are environment variables: PORT (the frontend's; the
others follow), DATA_DIR, LOG_LEVEL, LOG_FORMAT, THREADS and those of each service (see their READMEs).
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

/** Runs the command that the arguments name; resolves with the exit code. */
export async function runCommandLine(process: NodeJS.Process): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
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
      },
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
    const words = isUsage || error instanceof ExpectedFailure ? error.message : await describe(error)
    const isExplained = isUsage && !(error instanceof UsageError && error.isBrief)
    process.stderr.write(`darkroom: ${words}\n${isExplained ? `\n${usage}` : ''}`)
    return isUsage ? 2 : 1
  }
}

async function describe(error: unknown): Promise<string> {
  const { describeStartError } = await import('@darkroom/service-kit')
  return describeStartError(error)
}
