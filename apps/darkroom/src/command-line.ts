import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ExpectedFailure } from './expected-failure.ts'
import { usageOf } from './usage.ts'
import { BriefUsageError, UsageError } from './usage-error.ts'
import { withoutControls } from './without-controls.ts'

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
  status: async () => (await import('./commands/status.ts')).statusCommand,
  token: async () => (await import('./commands/token.ts')).tokenCommand,
  webhooks: async () => (await import('./commands/webhooks.ts')).webhooksCommand,
}

/** The options of all commands; each command refuses options that it doesn't have. */
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
    const { positionals, values } = readArguments(process.argv.slice(2))
    const [name = '', ...rest] = positionals
    const named = name === 'help' ? (rest[0] ?? '') : name
    if (named !== '' && named !== 'help' && !Object.hasOwn(commands, named))
      throw new BriefUsageError(`"${named}" is not a command; npx darkroom help lists all commands`)
    if (values.help || name === '' || name === 'help') {
      process.stdout.write(usageOf(named))
      return 0
    }
    const command = await commands[name as keyof typeof commands]()
    return await command(process, rest, values)
  } catch (error) {
    const isUsage = error instanceof UsageError
    const message = isUsage || error instanceof ExpectedFailure ? error.message : await describe(error)
    const usage = isUsage && !(error instanceof BriefUsageError) ? `\n${usageOf(process.argv[2])}` : ''
    process.stderr.write(`darkroom: ${message}\n${usage}`)
    return isUsage ? 2 : 1
  }
}

function readArguments(args: string[]) {
  try {
    const parsed = parseArgs({ args, allowPositionals: true, options, tokens: true })
    const lists = parsed.tokens.filter(token => token.kind === 'option' && token.name === 'operations')
    // Node.js would use only the last list.
    if (lists.length > 1)
      throw new BriefUsageError(
        '--operations is given twice; write one list, such as --operations flip,rotate:90',
      )
    return parsed
  } catch (error) {
    if (error instanceof UsageError) throw error
    // The first sentence names the option; the next sentences explain the syntax of Node.js.
    const [sentence = ''] = (error as Error).message.split(/\.\s/)
    throw new UsageError(sentence)
  }
}

/** The message for an unexpected error. Its modules are loaded only then, so that commands start faster. */
async function describe(error: unknown): Promise<string> {
  const { DarkroomError } = await import('@darkroom/client/source')
  if (error instanceof DarkroomError) return withoutControls(error.message)
  const { describeStartError } = await import('@darkroom/service-kit')
  return describeStartError(error)
}
