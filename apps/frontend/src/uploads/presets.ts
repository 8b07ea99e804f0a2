import { isResultName, Preset, presetPrefix, readOperations, readVariants } from '@darkroom/contracts'
import { type KvClient, keysUnder, type Logger, readJson, ServiceProblem } from '@darkroom/service-kit'
import { asProblem } from './invalid-operations.ts'

export type NamedPreset = Preset & { name: string }

/** Presets in kv-config. They are read when they are used, so a change takes effect with the next upload. */
export class Presets {
  readonly #kv: KvClient
  readonly #logger: Logger

  constructor({ kv, logger }: { kv: KvClient; logger: Logger }) {
    this.#kv = kv
    this.#logger = logger
  }

  /** @throws ServiceProblem 400 if there is no such preset, or it is not valid */
  async require(name: string): Promise<Preset> {
    const value = isResultName(name) ? await this.#read(name) : undefined
    if (value === undefined) {
      const names = (await this.list()).map(preset => preset.name).join(', ')
      throw invalidPreset(
        `there is no preset "${name}"; ${names ? `existing presets: ${names}` : 'no preset exists'}`,
      )
    }
    const preset = readJson(Preset, value)
    if (preset) return preset
    throw invalidPreset(`the preset "${name}" in kv-config is not valid; an operator must write it again`)
  }

  async list(): Promise<NamedPreset[]> {
    const presets: NamedPreset[] = []
    for await (const { key, value } of keysUnder(this.#kv, presetPrefix)) {
      const name = key.slice(presetPrefix.length)
      const preset = isResultName(name) ? readJson(Preset, value) : undefined
      if (preset) presets.push({ name, ...preset })
      else this.#logger.warn({ key }, 'skipped a value that is not a preset')
    }
    return presets
  }

  /** @throws ServiceProblem 400 */
  async put(
    name: string,
    given: { operations?: unknown; variants?: unknown },
  ): Promise<{ preset: NamedPreset; isNew: boolean }> {
    if (!isResultName(name)) {
      const rule = 'at most 64 letters, digits, _ and -, the first a letter or a digit'
      throw invalidPreset(`"${name}" cannot be the name of a preset; expected: ${rule}`)
    }
    const preset = readPreset(given)
    const isNew = (await this.#read(name)) === undefined
    const body = Buffer.from(JSON.stringify(preset))
    await this.#kv.setKey({ params: paramsOf(name), querystring: {}, headers: {}, body })
    return { preset: { name, ...preset }, isNew }
  }

  /** Returns whether the preset existed. */
  async delete(name: string): Promise<boolean> {
    if (!isResultName(name) || (await this.#read(name)) === undefined) return false
    await this.#kv.deleteKey({ params: paramsOf(name), headers: {} })
    return true
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    const reply = await this.#kv.getKey({ params: paramsOf(name), querystring: {}, headers: {} })
    return reply.status === 200 ? reply.body.bytes() : undefined
  }
}

function readPreset({ operations, variants }: { operations?: unknown; variants?: unknown }): Preset {
  if (operations === undefined && variants === undefined)
    throw invalidPreset('a preset needs operations, variants, or both')
  try {
    return {
      ...(operations !== undefined && { operations: readOperations(operations) }),
      ...(variants !== undefined && { variants: readVariants(variants) }),
    }
  } catch (error) {
    throw asProblem(error)
  }
}

function paramsOf(name: string): { '*': string } {
  return { '*': `${presetPrefix}${name}` }
}

function invalidPreset(detail: string): ServiceProblem {
  return new ServiceProblem(400, 'invalid-preset', detail)
}
