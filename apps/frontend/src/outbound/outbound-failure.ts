const explanations = {
  'not-allowed':
    'its address is not public, or belongs to Darkroom itself; an operator can allow a network with OUTBOUND_NETWORKS',
  'not-found': 'its name has no public address; an operator can allow a network with OUTBOUND_NETWORKS',
  unreachable: 'no connection could be made',
  untrusted: 'its TLS certificate is not valid, or not from a known authority',
  'no-tls': 'it does not support TLS 1.2 or 1.3 with HTTP/1.1; its URL may have to begin with http:',
  timeout: 'it did not answer in time',
  broken: 'the connection was lost',
  'not-http': 'its response is not valid HTTP/1.1, or its headers are too long',
  'bad-redirect': 'it redirects to a URL that Darkroom does not follow',
  busy: 'too many downloads from its address are in progress',
  'too-many-redirects': 'it redirects more than three times',
  'encoded-body': 'its response is compressed, which the request did not allow',
} as const

/** The reason of a failure in one word. More details would let callers explore the network of the frontend. */
export type FailureReason = keyof typeof explanations

/** A request to a URL that a caller named has failed. */
export class OutboundFailure extends Error {
  readonly reason: FailureReason

  constructor(reason: FailureReason, cause?: unknown) {
    super(explanations[reason], { cause })
    this.reason = reason
  }
}
