import { hkdfSync } from 'node:crypto'

/**
 * The worker token, derived from the cluster token (HKDF, RFC 5869). The cluster token can't be computed from it. A worker
 * handles files from untrusted clients, so its token opens only the routes that it needs.
 */
export function deriveWorkerToken(clusterToken: string): string {
  return Buffer.from(hkdfSync('sha256', clusterToken, '', 'darkroom worker token', 32)).toString('base64url')
}
