import type { AuthMode } from '@darkroom/contracts'
import { isLoopback } from '@darkroom/service-kit'

/** Whether callers need a key: always (keys), never (open), or as the setting in kv-config requires (as-configured). */
export type AccessMode = AuthMode | 'as-configured'

interface AccessSettings {
  auth?: AuthMode | undefined
  allowAnonymous: boolean
  host: string
  publishedOn?: string | undefined
}

/** If no setting decides, only a frontend on loopback can be open. */
export function accessModeOf({ auth, allowAnonymous, host, publishedOn = host }: AccessSettings): AccessMode {
  if (auth !== undefined) return auth
  if (allowAnonymous) return 'open'
  return isLoopback(publishedOn.replace(/^\[(.*)\]$/, '$1')) ? 'as-configured' : 'keys'
}
