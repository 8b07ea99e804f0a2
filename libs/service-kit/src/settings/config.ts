import { brokenRule, patternInWords } from '@darkroom/contracts'
import { type Static, type TObject, type TSchema, Type, Value } from '@darkroom/contracts/typebox'
import { fromText } from './from-text.ts'
import { readSetting } from './read-setting.ts'

/** The default limits on how slowly a request body may arrive. */
export const defaultBodyBounds = { bodyStallMs: 30_000, bodyMinBytesPerSecond: 500 }

/** Timers of Node.js treat longer times as 1 ms. */
export const longestTimerMs = 2 ** 31 - 1

/** A secret that is sent in a header: other characters would arrive changed, or not at all. */
export const tokenSetting = (description: string) =>
  Type.String({
    ...patternInWords('^[!-~]*$', 'ASCII characters without spaces'),
    minLength: 16,
    description,
  })

/** The settings that every service has: camelCase here, UPPER_SNAKE_CASE in the environment. */
export const commonSettings = {
  host: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  kvUrl: Type.String({
    format: 'url',
    default: 'http://127.0.0.1:8082',
    description: 'URL of kv-config; all other services are found through it',
  }),
  advertiseUrl: Type.Optional(
    Type.String({
      format: 'url',
      description:
        "URL at which other services reach this service, optionally with a path; default http://HOST:PORT, with the host's name if HOST is a wildcard",
    }),
  ),
  clusterToken: Type.Optional(
    tokenSetting('Bearer token of all internal routes; without it, only loopback addresses are allowed'),
  ),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
  drainMs: Type.Integer({
    default: 30_000,
    minimum: 0,
    maximum: 86_400_000,
    description: 'How long a shutdown waits for requests in progress, in milliseconds',
  }),
  bodyStallMs: Type.Integer({
    default: defaultBodyBounds.bodyStallMs,
    minimum: 100,
    maximum: 3_600_000,
    description: 'A request is aborted when no byte of its body arrives for this long, in milliseconds',
  }),
  bodyMinBytesPerSecond: Type.Integer({
    default: defaultBodyBounds.bodyMinBytesPerSecond,
    minimum: 100,
    description: 'A request is aborted when its body arrives more slowly than this, averaged over a minute',
  }),
}

export const portSetting = (port: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: port })

export const dataDirSetting = Type.String({ default: './data', description: 'Folder of the embedded engine' })

const CommonConfig = Type.Object({ ...commonSettings, port: portSetting(0) })
export type CommonConfig = Static<typeof CommonConfig>

/** Lists all mistakes in the settings, each with the name of its variable. */
export class InvalidConfig extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: string[]) {
    super(`the settings are not valid:\n${mistakes.map(mistake => `  ${mistake}`).join('\n')}`)
    this.mistakes = mistakes
  }
}

/**
 * Reads a schema's properties from environment variables; unset or empty variables get their defaults. NAME_FILE can name a
 * file that contains the value of NAME, such as a secret of a container; NAME has priority.
 *
 * @throws InvalidConfig with the name of every variable that is missing or not valid
 */
export function loadConfig<Schema extends TObject>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): Static<Schema> {
  const given: Record<string, string> = {}
  const unreadable: Record<string, string> = {}
  for (const name of Object.keys(schema.properties)) {
    const setting = readSetting(variableName(name), env)
    if (setting.kind === 'given') given[name] = setting.text
    if (setting.kind === 'unreadable') unreadable[name] = setting.mistake
  }
  const config: Record<string, unknown> = { ...Object(Value.Default(schema, fromText(schema, given))) }
  // Checked one by one: the list of errors for a whole object ends at the eighth.
  const mistakes = Object.entries(schema.properties).flatMap(([name, property]) => {
    if (unreadable[name] !== undefined) return [unreadable[name]]
    if (config[name] === undefined)
      return isRequired(schema, name) ? [`${variableName(name)} is not set`] : []
    const mistake = mistakeIn(property, config[name])
    return mistake === undefined ? [] : [`${variableName(name)} ${mistake}`]
  })
  if (mistakes.length > 0) throw new InvalidConfig(mistakes)
  return config as Static<Schema>
}

function isRequired(schema: TObject, name: string): boolean {
  return [schema.required].flat().includes(name)
}

function mistakeIn(property: TSchema, value: unknown): string | undefined {
  const isUrl = 'format' in property && property.format === 'url'
  const [error] = Value.Errors(property, value)
  if (error && isUrl && error.keyword === 'format') return 'must be a valid URL, with a port up to 65535'
  if (error?.keyword === 'pattern' && 'forms' in property)
    return `must be ${property.forms}${shownScheme(value)}`
  if (error) return `${brokenRule(error)}${shownValue(property, value)}`
  if (!isUrl || /^https?:/i.test(String(value))) return undefined
  return `must be an http or https URL, got "${value}"`
}

/** Free texts are not shown, because they may be secrets. */
function shownValue(property: TSchema, value: unknown): string {
  const types: unknown[] = ['integer', 'number', 'boolean']
  const isShown = 'enum' in property || ('type' in property && types.includes(property.type))
  return isShown ? `, got "${value}"` : ''
}

/** The scheme of a URL. The rest is not shown, because it may contain a password. */
function shownScheme(value: unknown): string {
  const scheme = /^[a-z][a-z0-9+.-]*:(\/\/)?/i.exec(String(value))?.[0]
  return scheme === undefined ? '' : `, got "${scheme}…"`
}

/** maxUploadBytes -> MAX_UPLOAD_BYTES */
export function variableName(property: string): string {
  return property.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

/** The base URL of a host and port; IPv6 addresses get brackets (RFC 3986, 3.2.2). */
export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
