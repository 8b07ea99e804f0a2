import { RequestRefused } from '@darkroom/service-kit'

/** A response of etcd other than 200. The codes are those of gRPC (google.golang.org/grpc/codes). */
export class EtcdRefusal extends RequestRefused {
  readonly code: number
  /** The message of etcd. */
  readonly reason: string

  constructor(path: string, code: number, reason: string) {
    super(`etcd refuses ${path}: ${reason}`)
    this.code = code
    this.reason = reason
  }

  /** Nothing happened, and the request may be repeated. */
  get isUndone(): boolean {
    return undone.some(words => this.reason.includes(words))
  }

  /** The request may have taken effect, or may still take effect, because only the response was late. */
  get isOutcomeUnknown(): boolean {
    return unknownCodes.has(this.code) && !this.isUndone && !this.reason.includes(unhealthy)
  }

  /** Nothing was written: etcd refuses writes until it is compacted and defragmented and its alarm is disarmed. */
  get isFull(): boolean {
    return this.code === grpcCode.resourceExhausted && this.reason.includes('database space exceeded')
  }

  /** The user has no permission, which an administrator of etcd can change. */
  get isAccessDenied(): boolean {
    return accessCodes.has(this.code) || accessErrors.some(words => this.reason.includes(words))
  }

  /** The token has expired: etcd's simple tokens expire after 5 minutes without use, and don't survive a restart. */
  get needsAuthentication(): boolean {
    return this.code === grpcCode.unauthenticated || this.reason.includes('auth store is old')
  }
}

export const grpcCode = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unavailable: 14,
  unauthenticated: 16,
} as const

const accessCodes = new Set<number>([grpcCode.permissionDenied, grpcCode.unauthenticated])
/** Errors of access with other codes. "not enabled": a password is set, but authentication in etcd is switched off. */
const accessErrors = [
  'user name is empty',
  'user name not found',
  'authentication failed',
  'authentication is not enabled',
]

/** Canceled, unknown, deadline exceeded, internal, unavailable. */
const unknownCodes = new Set([1, 2, 4, 13, 14])

/** etcd refuses changes of members within 5 s after a member was unavailable. */
const unhealthy = 'unhealthy cluster'

/** A member without a leader drops requests, and refuses reads that an election interrupts. */
const undone = ['raft proposal dropped', 'no leader', 'leader changed', 'too many requests']

/** Parses the body of a refusal: `error` is absent since 3.6, `message` is always present. */
export function toRefusal(path: string, status: number, body: string): EtcdRefusal {
  try {
    const { code = 2, message } = JSON.parse(body)
    return new EtcdRefusal(path, Number(code), String(message ?? body))
  } catch {
    // Not a response of etcd's API: a proxy answered, or etcd is starting.
    return new EtcdRefusal(path, grpcCode.unavailable, `status ${status}: ${body.slice(0, 200)}`)
  }
}
