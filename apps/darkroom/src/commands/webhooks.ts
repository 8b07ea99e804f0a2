import { WebhookSecrets } from '@darkroom/frontend/webhook-secrets'
import { callServices } from '../call-services.ts'
import { durationSeconds } from '../duration.ts'
import { requireOwner } from '../require-owner.ts'
import { argumentError, refuseOtherOptions } from '../usage-error.ts'

const dayInSeconds = 86_400

/** Shows or rotates the secret that signs the webhooks of an owner, or of images without an owner. */
export async function webhooksCommand(
  process: NodeJS.Process,
  names: string[],
  options: { owner?: string; keep?: string },
): Promise<number> {
  const [verb, ...rest] = names
  const isRotation = verb === 'rotate'
  if ((verb !== 'secret' && !isRotation) || rest.length > 0)
    throw argumentError('webhooks', 'secret or rotate', names)
  const { owner, keep, ...others } = options
  refuseOtherOptions(`webhooks ${verb}`, isRotation || keep === undefined ? others : { keep })
  if (owner !== undefined) requireOwner(owner)
  const keepSeconds = keep === undefined ? dayInSeconds : durationSeconds('--keep', keep)

  return callServices(process.env, async ({ kv }) => {
    const secrets = WebhookSecrets.inside(kv)
    const { secret } = await (isRotation ? secrets.rotate(owner, keepSeconds) : secrets.read(owner))
    process.stdout.write(`${secret}\n`)
    return 0
  })
}
