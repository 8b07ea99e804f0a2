import type { Task } from '@darkroom/contracts'
import type { KvClient, ServiceClients } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Caller } from './caller.ts'
import { refuseRevoked } from './refusals.ts'

/** Longer than a master takes to accept an image whose bytes have all arrived. */
const markSeconds = 600

/** Marks an owner whose keys and images are about to be deleted, so that no upload in progress leaves an image. */
export async function markErased(kv: KvClient, owner: string): Promise<void> {
  await kv.setKey({
    params: paramsOf(owner),
    querystring: { ttl: markSeconds },
    headers: {},
    body: Buffer.from(JSON.stringify(new Date())),
  })
}

interface ErasedOwnersOptions {
  clients: Pick<ServiceClients, 'kv' | 'storage' | 'taskDb'>
  keys: Pick<KeyRing, 'describe'>
}

/**
 * The owners that were erased a short time ago. A key is checked until the last byte of an upload has arrived. The master
 * creates the task after that, when the images of the owner may already have been listed and deleted.
 */
export class ErasedOwners {
  readonly #clients: ErasedOwnersOptions['clients']
  readonly #keys: ErasedOwnersOptions['keys']

  constructor({ clients, keys }: ErasedOwnersOptions) {
    this.#clients = clients
    this.#keys = keys
  }

  /**
   * Returns an image that was accepted; deletes it if its owner was erased meanwhile. The image stays if only the key
   * was revoked or rotated.
   *
   * @throws ServiceProblem 401 if the owner was erased
   */
  async keep(image: Task, caller: Pick<Caller, 'keyId' | 'owner' | 'grant'>): Promise<Task> {
    const { keyId, owner } = caller
    if (keyId === undefined || owner === undefined || this.#keys.describe(keyId)) return image
    const { status } = await this.#clients.kv.getKey({
      params: paramsOf(owner),
      querystring: {},
      headers: {},
    })
    if (status !== 200) return image
    await deleteImage(image, this.#clients)
    throw refuseRevoked(caller)
  }
}

function paramsOf(owner: string): { '*': string } {
  return { '*': `erased/${owner}` }
}
