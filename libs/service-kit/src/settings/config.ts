import { type Static, type TObject, type TSchema, Type, Value } from '@darkroom/contracts/typebox'
import { fromText } from './from-text.ts'
import { readSetting } from './read-setting.ts'

/** How slowly the body of a request may arrive. */
export const defaultBodyBounds = { bodyStallMs: 30_000, bodyMinBytesPerSecond: 500 }

/** Settings that every service has. Names here are camelCase, in the environment UPPER_SNAKE_CASE. */
export const commonSettings = {
  host: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  kvUrl: Type.String({
    format: 'uri',
    default: 'http://127.0.0.1:8082',
    description: 'Where kv-config answers; all other services are found through it',
  }),
  advertiseUrl: Type.Optional(
    Type.String({
      format: 'uri',
      description:
        "Where others reach this service, with a path if need be; default http://HOST:PORT, with the host's name where HOST is a wildcard",
    }),
  ),
  clusterToken: Type.Optional(
    Type.String({ minLength: 16, description: 'Bearer token of all internal routes; none: loopback only' }),
  ),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
  drainMs: Type.Integer({
    default: 30_000,
    minimum: 0,
    description: 'How long a shutdown waits for requests under way, in milliseconds',
  }),
  bodyStallMs: Type.Integer({
    default: defaultBodyBounds.bodyStallMs,
    minimum: 100,
    maximum: 3_600_000,
    description: 'A request is cut when no byte of its body arrives for so many milliseconds',
  }),
  bodyMinBytesPerSecond: Type.Integer({
    default: defaultBodyBounds.bodyMinBytesPerSecond,
    minimum: 100,
    description: 'A request is cut when its body arrives more slowly over a minute',
  }),
}

export const portSetting = (port: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: port })

export const dataDirSetting = Type.String({ default: './data', description: 'Folder of the embedded engine' })

const CommonConfig = Type.Object({ ...commonSettings, port: portSetting(0) })
export type CommonConfig = Static<typeof CommonConfig>

/** All mistakes in the settings at once, each by its variable's name. */
export class InvalidConfig extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: string[]) {
    super(`the settings are not right:\n${mistakes.map(mistake => `  ${mistake}`).join('\n')}`)
    this.mistakes = mistakes
  }
}

/**
 * Reads a schema's properties from environment variables; those unset or empty get their defaults. For each NAME,
 * NAME_FILE can name a file that holds the value, as secrets come in containers; NAME itself goes before it.
 *
 * @throws InvalidConfig naming every variable that is missing or wrong.
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
  // Each for itself: one list of all errors would end at the eighth.
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
  const [error] = Value.Errors(property, value)
  if (error) return describe(error)
  // The format knows no bounds of ports, and would let through what nothing can be asked at.
  if (!('format' in property && property.format === 'uri')) return undefined
  const url = URL.parse(String(value))
  if (!url) return 'must be a URL with a port up to 65535'
  return /^https?:$/.test(url.protocol) ? undefined : `must be an http or https URL, got "${value}"`
}

function describe({ message, params }: { message: string; params: object }): string {
  return 'allowedValues' in params ? `${message}: ${[params.allowedValues].flat().join(', ')}` : message
}

/** maxUploadBytes -> MAX_UPLOAD_BYTES */
export function variableName(property: string): string {
  return property.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

/** The base URL of what listens there; IPv6 addresses get their brackets (RFC 3986, 3.2.2). */
export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
