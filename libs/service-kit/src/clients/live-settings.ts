import { brokenRule, valueInWords } from '@darkroom/contracts'
import { type Static, type TObject, type TSchema, Value } from '@darkroom/contracts/typebox'
import type { Logger } from '../log/logger.ts'
import { type KvClient, watchPrefix } from './watch-prefix.ts'

interface LiveSettingsOptions<Schema extends TObject> {
  kv: KvClient
  service: string
  schema: Schema
  /** The values that apply while a setting is not in kv-config. */
  defaults: Static<Schema>
  logger: Logger
}

/**
 * Settings that take effect without a restart: JSON under `config/<service>/<name>` in kv-config. Each is checked
 * against its property of the schema. A value that is not valid is logged, and the default applies.
 */
export class LiveSettings<Schema extends TObject> {
  #current: Static<Schema>
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>

  constructor({ kv, service, schema, defaults, logger }: LiveSettingsOptions<Schema>) {
    this.#current = defaults
    const prefix = `config/${service}/`
    this.#watching = watchPrefix({
      kv,
      prefix,
      logger,
      signal: this.#closing.signal,
      onChange: values => {
        const settings = [...values].flatMap(([key, value]) => {
          const name = key.slice(prefix.length)
          const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
          return readSetting(property, name, value, logger)
        })
        this.#current = { ...(defaults as object), ...Object.fromEntries(settings) } as Static<Schema>
        if (settings.length > 0) logger.info({ settings: Object.fromEntries(settings) }, 'live settings')
      },
    })
  }

  get current(): Static<Schema> {
    return this.#current
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }
}

function readSetting(schema: TSchema | undefined, name: string, value: Uint8Array, logger: Logger) {
  if (!schema) {
    logger.warn({ name }, 'unknown live setting: check its name')
    return []
  }
  const document = parseJson(value)
  const setting = document === undefined ? undefined : Value.Default(schema, document)
  const [error] = Value.Errors(schema, setting) // not Parse, which turns true into the number 1
  if (!error) return [[name, setting] as const]
  const at = error.instancePath
  const mistake = at ? `${at} ${brokenRule(error)}` : `${brokenRule(error)}, got ${valueInWords(document)}`
  const reason = document === undefined ? 'must be JSON' : mistake
  logger.warn({ name }, `this live setting is not valid (${reason}); using the default`)
  return []
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString())
  } catch {
    return undefined
  }
}
