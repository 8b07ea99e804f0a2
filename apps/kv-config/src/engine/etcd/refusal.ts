import { RequestRefused } from '@darkroom/service-kit'

/** An answer of etcd other than 200. Codes are those of gRPC (google.golang.org/grpc/codes). */
export class EtcdRefusal extends RequestRefused {
  readonly code: number
  /** In etcd's own words. */
  readonly reason: string

  constructor(path: string, code: number, reason: string) {
    super(`etcd refuses ${path}: ${reason}`)
    this.code = code
    this.reason = reason
  }

  /** Whatever it was that was asked for did not happen, and may be asked for again. */
  get isNotDone(): boolean {
    return notDone.some(words => this.reason.includes(words))
  }

  /** What was asked for may have happened, or may still happen: the answer only came too late. */
  get isUnknown(): boolean {
    return unknownCodes.has(this.code) && !this.isNotDone && !this.reason.includes(unhealthy)
  }

  /** Nothing was written: etcd takes nothing more until it is compacted, defragmented and its alarm disarmed. */
  get isFull(): boolean {
    return this.code === grpcCode.resourceExhausted && this.reason.includes('database space exceeded')
  }

  /** Who asks has no right to; whoever runs etcd can change that. */
  get isOfAccess(): boolean {
    return accessCodes.has(this.code) || ofAccess.some(words => this.reason.includes(words))
  }

  /** The token is too old: those that etcd makes live 5 minutes unused, and don't survive a restart. */
  get wantsAuthentication(): boolean {
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
/** Under other codes; "not enabled": a password is given, and etcd has its authentication switched off. */
const ofAccess = [
  'user name is empty',
  'user name not found',
  'authentication failed',
  'authentication is not enabled',
]

/** Canceled, unknown, deadline exceeded, internal, unavailable. */
const unknownCodes = new Set([1, 2, 4, 13, 14])

/** Members aren't changed within 5 s of the last time that one was away. */
const unhealthy = 'unhealthy cluster'

/** A member without a leader drops what it is told at once; reads that a new leader interrupts are refused. */
const notDone = ['raft proposal dropped', 'no leader', 'leader changed', 'too many requests']

/** Reads the body of such an answer: `error` is gone since 3.6, `message` is always there. */
export function toRefusal(path: string, status: number, body: string): EtcdRefusal {
  try {
    const { code = 2, message } = JSON.parse(body)
    return new EtcdRefusal(path, Number(code), String(message ?? body))
  } catch {
    // Not etcd's own words: something between answered, or etcd is just starting.
    return new EtcdRefusal(path, grpcCode.unavailable, `status ${status}: ${body.slice(0, 200)}`)
  }
}
