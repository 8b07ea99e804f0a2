import type { SignedLinks as SignedLinksDocument, Task } from '@darkroom/contracts'
import { type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { masterLimits } from '../limits/master-limits.ts'
import type { Authenticator } from './authenticator.ts'
import { imageNotFound, requireImage } from './caller.ts'
import { readSignature, signedPath } from './signed-link.ts'
import type { SignedTerms } from './signed-terms.ts'
import type { SigningKeys } from './signing-keys.ts'

/** The longest time for which caches may keep the bytes: they don't notice that an image was deleted or a key revoked. */
const maxCachedSeconds = 3600
/** For a master of an earlier version, whose response does not contain how long images are kept. */
const presumedRetentionSeconds = 86_400

export interface SignedLinksOptions {
  clients: Pick<ServiceClients, 'imageMaster' | 'taskDb'>
  authenticator: Authenticator
  signing: Pick<SigningKeys, 'keyFor'>
}

/** Signs links to the bytes of images, and checks the signatures of such links. */
export class SignedLinks {
  readonly #clients: SignedLinksOptions['clients']
  readonly #authenticator: Authenticator
  readonly #signing: SignedLinksOptions['signing']
  readonly #readLimits: ReturnType<typeof masterLimits>

  constructor({ clients, authenticator, signing }: SignedLinksOptions) {
    this.#clients = clients
    this.#authenticator = authenticator
    this.#signing = signing
    this.#readLimits = masterLimits(clients)
  }

  /**
   * Links to all bytes of an image. They end with the image and with the key of the caller, if that is before
   * `expiresIn` seconds have passed. `base` is the URL before their paths.
   *
   * @throws ServiceProblem 404 if the image has expired
   */
  async sign(
    task: Task,
    { keyId, expiresIn, base }: { keyId: string | undefined; expiresIn: number; base: string },
  ): Promise<SignedLinksDocument> {
    const { id, operations, variants } = task
    const now = Date.now() / 1000
    const ends = [now + expiresIn, await this.#endOf(task), this.#authenticator.endOfKey(keyId)]
    const terms: SignedTerms = { keyId, expiresAt: Math.floor(Math.min(...ends)) }
    if (terms.expiresAt <= now - 1) imageNotFound(id)
    const key = await this.#signing.keyFor('links')
    const link = (kind: string) => `${base}${signedPath(`images/${id}/${kind}`, terms, key)}`
    const names = variants && Object.keys(variants)
    return {
      id,
      expiresAt: new Date(terms.expiresAt * 1000).toISOString(),
      links: {
        original: link('original'),
        ...(operations && { result: link('result') }),
        ...(names && { variants: Object.fromEntries(names.map(name => [name, link(`variants/${name}`)])) }),
      },
    }
  }

  /**
   * The image of a link to its bytes of this kind, and for how long caches may keep them.
   *
   * @throws ServiceProblem 403 if the link is not valid or has ended; 404
   */
  async open({
    id,
    signature,
    kind,
  }: {
    id: string
    signature: string
    kind: string
  }): Promise<{ task: Task; maxAgeSeconds: number }> {
    const authenticator = this.#authenticator
    if (!authenticator.isReady) await authenticator.untilReady()
    const terms = readSignature(signature, `images/${id}/${kind}`, await this.#signing.keyFor('links'))
    if (!terms) throw refuse('this link is not valid: it is incomplete, or was altered')
    const now = Date.now() / 1000
    if (terms.expiresAt <= now) throw refuse('this link has expired; ask for another')
    const caller = authenticator.callerFor(terms.keyId)
    if (!caller) throw refuse('the API key of this link was revoked or has expired; ask for another link')
    const task = await requireImage(this.#clients.taskDb, caller, id)
    const end = Math.min(terms.expiresAt, await this.#endOf(task), authenticator.endOfKey(terms.keyId))
    return { task, maxAgeSeconds: Math.max(0, Math.min(Math.floor(end - now), maxCachedSeconds)) }
  }

  /** The earliest time at which the image is deleted, in seconds since 1970. */
  async #endOf({ finishedAt }: Task): Promise<number> {
    const { retentionSeconds = presumedRetentionSeconds } = (await this.#readLimits()) ?? {}
    return (finishedAt === undefined ? Date.now() : Date.parse(finishedAt)) / 1000 + retentionSeconds
  }
}

function refuse(detail: string): ServiceProblem {
  return new ServiceProblem(403, 'link-refused', detail)
}
