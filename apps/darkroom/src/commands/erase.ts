import { KeyStore } from '@darkroom/frontend/keys'
import { WebhookSecrets } from '@darkroom/frontend/webhook-secrets'
import type { ServiceClients } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { askServices } from '../ask-services.ts'
import { UsageError } from '../usage-error.ts'
import { requireOwner } from './keys.ts'

const deletionsAtOnce = 8

/** Deletes the keys of an owner, so that no more uploads arrive, then all images of the owner and the webhook secret. */
export async function eraseCommand(
  process: NodeJS.Process,
  rest: string[],
  { owner, ...others }: { owner?: string },
): Promise<number> {
  if (owner === undefined || rest.length > 0 || Object.keys(others).length > 0)
    throw new UsageError('erase needs --owner, whose keys and images it removes')
  requireOwner(owner)
  return askServices(process.env, async clients => {
    const store = new KeyStore(clients.kv)
    const keys = (await store.list()).filter(key => key.owner === owner)
    for (const { id } of keys) await store.revoke(id)
    const images = await eraseImages(clients, owner)
    await WebhookSecrets.inside(clients.kv).delete(owner)
    process.stdout.write(`revoked ${keys.length} API keys and deleted ${images} images of ${owner}\n`)
    return 0
  })
}

/** Lists and deletes until no image is left, because an upload may have been under way. */
async function eraseImages(clients: ServiceClients, owner: string): Promise<number> {
  let count = 0
  for (;;) {
    const { body } = await clients.taskDb.listTasks({ querystring: { owner, limit: 1000 } })
    if (body.tasks.length === 0) return count
    const lane = async () => {
      for (let task = body.tasks.pop(); task; task = body.tasks.pop())
        if (await deleteImage(task, clients)) count += 1
    }
    await Promise.all(Array.from({ length: deletionsAtOnce }, lane))
  }
}
