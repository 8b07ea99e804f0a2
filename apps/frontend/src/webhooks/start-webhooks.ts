import type { Logger, ServiceClients } from '@darkroom/service-kit'
import type { SigningKeys } from '../access/signing-keys.ts'
import type { ChangeFeed } from '../events/change-feed.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { linkBase } from '../public-urls.ts'
import { deliverBy } from './deliver.ts'
import { WebhookSecrets } from './webhook-secrets.ts'
import { WebhookSender } from './webhook-sender.ts'

export interface Webhooks {
  sender: WebhookSender
  secrets: WebhookSecrets
}

/** Starts sending the notices of images that have ended. Close the sender afterwards. */
export function startWebhooks(options: {
  clients: Pick<ServiceClients, 'kv' | 'taskDb'>
  feed: ChangeFeed
  outbound: Outbound
  signingKeys: SigningKeys
  publicUrls: readonly URL[]
  logger: Logger
}): Webhooks {
  const { clients, feed, outbound, signingKeys, publicUrls, logger } = options
  const { kv, taskDb } = clients
  const secrets = new WebhookSecrets({ kv, sealingKey: () => signingKeys.keyFor('webhook secrets') })
  const deliver = deliverBy({ taskDb, outbound, secrets, linkBase: linkBase(publicUrls, ''), logger })
  return { secrets, sender: new WebhookSender({ taskDb, feed, deliver, logger }) }
}
