import { createInterface } from 'node:readline/promises'
import { eraseOwner } from '@darkroom/frontend/erase-owner'
import { callServices } from '../call-services.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { requireOwner } from '../require-owner.ts'
import { BriefUsageError, refuseArguments, refuseOtherOptions, UsageError } from '../usage-error.ts'

/** Deletes all keys of an owner, and everything that belongs to it, after a confirmation. */
export async function eraseCommand(
  process: NodeJS.Process,
  rest: string[],
  { owner, yes = false, ...others }: { owner?: string; yes?: boolean },
): Promise<number> {
  refuseOtherOptions('erase', others)
  refuseArguments('erase', rest)
  if (owner === undefined)
    throw new UsageError(
      'erase needs --owner: the owner whose keys, images and unfinished uploads are deleted',
    )
  requireOwner(owner)
  if (!yes) await confirm(process, owner)
  return callServices(process.env, async clients => {
    const { keys, images, uploads } = await eraseOwner(clients, owner)
    process.stdout.write(
      `erased ${owner}: API keys ${keys}, images ${images}, unfinished uploads ${uploads}\n`,
    )
    return 0
  })
}

/** Asks for confirmation at a terminal; a script must use --yes. @throws UsageError, ExpectedFailure */
async function confirm({ stdin, stdout }: NodeJS.Process, owner: string): Promise<void> {
  if (!stdin?.isTTY)
    throw new BriefUsageError(
      'erase deletes permanently, and asks for confirmation; without a terminal, add --yes',
    )
  const terminal = createInterface({ input: stdin, output: stdout })
  const response = await terminal.question(
    `Delete all keys, uploads and images of ${owner} permanently? To confirm, type ${owner}: `,
  )
  terminal.close()
  if (response.trim() !== owner) throw new ExpectedFailure('nothing was deleted')
}
