import { createInterface } from 'node:readline/promises'
import { KeyStore } from '@darkroom/frontend/keys'
import { eraseUploads } from '@darkroom/frontend/uploads'
import { WebhookSecrets } from '@darkroom/frontend/webhook-secrets'
import { mapConcurrently, type ServiceClients } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { callServices } from '../call-services.ts'
import { ExpectedFailure } from '../expected-failure.ts'
import { UsageError } from '../usage-error.ts'
import { requireOwner } from './keys.ts'

const deletionsAtOnce = 8

/**
 * Deletes the keys of an owner, so that no more uploads arrive, then all unfinished uploads and all images of the owner,
 * with their idempotency keys, and the secret of the owner's webhooks.
 */
export async function eraseCommand(
  process: NodeJS.Process,
  rest: string[],
  { owner, yes = false, ...others }: { owner?: string; yes?: boolean },
): Promise<number> {
  if (owner === undefined || rest.length > 0 || Object.keys(others).length > 0)
    throw new UsageError('erase needs --owner, whose keys and images it removes')
  requireOwner(owner)
  if (!yes) await confirm(process, owner)
  return callServices(process.env, async clients => {
    const store = new KeyStore(clients.kv)
    const keys = (await store.list()).filter(key => key.owner === owner)
    for (const { id } of keys) await store.revoke(id)
    const uploads = await eraseUploads(clients, owner)
    const images = await eraseImages(clients, owner)
    await WebhookSecrets.inside(clients.kv).delete(owner)
    const deleted = `deleted ${images} images and ${uploads} unfinished uploads`
    process.stdout.write(`revoked ${keys.length} API keys and ${deleted} of ${owner}\n`)
    return 0
  })
}

/** Asks for confirmation at a terminal; a script must use --yes. @throws UsageError, ExpectedFailure */
async function confirm({ stdin, stdout }: NodeJS.Process, owner: string): Promise<void> {
  if (!stdin?.isTTY)
    throw new UsageError(
      'erase deletes permanently, and asks for confirmation; without a terminal, add --yes',
      { isBrief: true },
    )
  const terminal = createInterface({ input: stdin, output: stdout })
  const answer = await terminal.question(
    `Delete all keys, uploads and images of ${owner} permanently? To confirm, type ${owner}: `,
  )
  terminal.close()
  if (answer.trim() !== owner) throw new ExpectedFailure('nothing was deleted')
}

/** Lists and deletes until no image is left, because an upload may have been under way. */
async function eraseImages(clients: ServiceClients, owner: string): Promise<number> {
  let count = 0
  for (;;) {
    const { body } = await clients.taskDb.listTasks({ querystring: { owner, limit: 1000 } })
    if (body.tasks.length === 0) return count
    const deleted = await mapConcurrently(deletionsAtOnce, body.tasks, task => deleteImage(task, clients))
    count += deleted.filter(Boolean).length
  }
}
