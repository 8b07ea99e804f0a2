import type { AuthMode } from '@darkroom/contracts'
import { isLoopback } from '@darkroom/service-kit'

/** Who may call the frontend: callers with a key, all, or (as-configured) the callers that kv-config's setting allows. */
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
