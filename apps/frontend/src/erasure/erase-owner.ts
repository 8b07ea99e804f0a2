import { setTimeout as delay } from 'node:timers/promises'
import { mapConcurrently, type ServiceClients } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { markErased } from '../access/erased-owners.ts'
import { eraseGrants } from '../access/grant-store.ts'
import { KeyStore } from '../keys/manage-keys.ts'
import { eraseMarks } from '../uploads/deleted-uploads.ts'
import { WebhookSecrets } from '../webhooks/webhook-secrets.ts'
import { eraseUploads } from './erase-uploads.ts'

type Clients = Pick<ServiceClients, 'kv' | 'storage' | 'taskDb'>

/** How many keys, images and unfinished uploads of an owner were deleted. */
interface Erased {
  keys: number
  images: number
  uploads: number
}

/** Longer than a frontend takes to notice that a key was revoked. From then on it leaves nothing of the owner. */
const noticedMs = 2000
const deletionsAtOnce = 8

/**
 * Deletes the keys of an owner, so that no more uploads arrive, then everything that belongs to the owner: grants,
 * unfinished uploads, images with their idempotency keys, and the secret of the webhooks. If it fails, it can be repeated.
 */
export async function eraseOwner(clients: Clients, owner: string): Promise<Erased> {
  await markErased(clients.kv, owner)
  const first = await eraseAll(clients, owner)
  // A frontend that had not read the mark yet may have accepted requests meanwhile.
  await delay(noticedMs)
  const last = await eraseAll(clients, owner)
  return {
    keys: first.keys + last.keys,
    images: first.images + last.images,
    uploads: first.uploads + last.uploads,
  }
}

async function eraseAll(clients: Clients, owner: string): Promise<Erased> {
  const { kv } = clients
  const keys = await revokeKeys(new KeyStore(kv), owner)
  await eraseGrants(kv, owner)
  await eraseMarks(kv, owner)
  const uploads = await eraseUploads(clients, owner)
  const images = await eraseImages(clients, owner)
  await WebhookSecrets.inside(kv).delete(owner)
  return { keys, images, uploads }
}

async function revokeKeys(store: KeyStore, owner: string): Promise<number> {
  const keys = (await store.list()).filter(key => key.owner === owner)
  for (const { id } of keys) await store.revoke(id)
  return keys.length
}

/** Lists and deletes until no image is left, because images may be accepted meanwhile. */
async function eraseImages(clients: Clients, owner: string): Promise<number> {
  let count = 0
  for (;;) {
    const { body } = await clients.taskDb.listTasks({ querystring: { owner, limit: 1000 } })
    if (body.tasks.length === 0) return count
    const deleted = await mapConcurrently(deletionsAtOnce, body.tasks, task => deleteImage(task, clients))
    count += deleted.filter(Boolean).length
  }
}
