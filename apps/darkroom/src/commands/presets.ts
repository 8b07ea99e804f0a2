import type { Preset } from '@darkroom/client/source'
import { formatOperations, type Operation } from '@darkroom/contracts'
import { type ConnectOptions, connect } from '../connect.ts'
import { refuseOtherOptions, UsageError } from '../usage-error.ts'

/** Prints the presets that `develop --preset` takes. */
export async function presetsCommand(
  process: NodeJS.Process,
  rest: string[],
  { json = false, url, key, ...others }: ConnectOptions & { json?: boolean },
): Promise<number> {
  refuseOtherOptions('presets', others)
  if (rest.length > 0) throw new UsageError('presets takes no names; it prints all')
  const darkroom = await connect(process.env, { url, key })
  const { presets } = await darkroom.presets()
  process.stdout.write(json ? `${JSON.stringify(presets)}\n` : presets.map(describe).join(''))
  return 0
}

function describe({ name, operations, variants = {} }: Preset): string {
  const text = (list: Preset['operations']) => formatOperations(list as Operation[])
  const lines = Object.entries(variants).map(([name, list]) => `  ${name}=${text(list.operations)}`)
  return [`${name}${operations ? `  ${text(operations)}` : ''}`, ...lines, ''].join('\n')
}
