import type { Darkroom, DevelopOptions, Preset } from '@darkroom/client/source'
import { formatOperations, type Operation } from '@darkroom/contracts'
import { type ConnectOptions, connect } from '../connect.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { readOperationOptions } from '../read-operations.ts'
import { refuseOtherOptions, requirePathPart, UsageError } from '../usage-error.ts'

type Options = ConnectOptions & { json?: boolean; operations?: string; variant?: string[] }
type Lists = Pick<DevelopOptions, 'operations' | 'variants'>
type Verb = (darkroom: Darkroom, name: string, lists: Lists) => Promise<Preset | undefined>

const verbs: Readonly<Record<string, Verb>> = {
  create: (darkroom, name, lists) => darkroom.putPreset(name, lists),
  async delete(darkroom, name) {
    await darkroom.deletePreset(name)
    return undefined
  },
  async show(darkroom, name) {
    const { presets } = await darkroom.presets()
    const found = presets.find(preset => preset.name === name)
    if (found) return found
    throw new ExpectedFailure(`there is no preset "${name}"; npx darkroom presets lists all presets`)
  },
}

/** Prints the presets for `develop --preset`, or creates, shows or deletes a preset. */
export async function presetsCommand(
  process: NodeJS.Process,
  [verb, ...names]: string[],
  { json = false, url, key, operations, variant, ...others }: Options,
): Promise<number> {
  refuseOtherOptions('presets', others)
  const act = verb !== undefined && Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (verb !== undefined && !act)
    throw new UsageError('presets needs create, show or delete, and a name; without arguments it lists all')
  if (act && names.length !== 1) throw new UsageError(`presets ${verb} needs the name of a preset`)
  for (const name of names) requirePathPart('the name of a preset', name)
  const hasLists = operations !== undefined || variant !== undefined
  if (hasLists && verb !== 'create')
    throw new UsageError('only presets create has the options --operations and --variant')
  if (!hasLists && verb === 'create') throw new UsageError('presets create needs --operations or --variant')
  const variants = readOperationOptions({ operations, variant })

  const darkroom = await connect(process.env, { url, key })
  const print = (shown: Preset | Preset[]) => {
    const text = json ? `${JSON.stringify(shown)}\n` : [shown].flat().map(describe).join('')
    process.stdout.write(text)
  }
  const shown = act
    ? await act(darkroom, names[0] ?? '', { operations, variants })
    : (await darkroom.presets()).presets
  if (shown) print(shown)
  return 0
}

function describe({ name, operations, variants = {} }: Preset): string {
  const text = (list: Preset['operations']) => formatOperations(list as Operation[])
  const lines = Object.entries(variants).map(([name, list]) => `  ${name}=${text(list.operations)}`)
  return [`${name}${operations ? `  ${text(operations)}` : ''}`, ...lines, ''].join('\n')
}
