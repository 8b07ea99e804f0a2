const explanations = {
  'not-allowed':
    'its address is not public, or is of Darkroom itself; an operator can allow a network with OUTBOUND_NETWORKS',
  'not-found': 'its name has no public address; an operator can allow a network with OUTBOUND_NETWORKS',
  unreachable: 'no connection could be made',
  timeout: 'it did not answer in time',
  broken: 'the connection broke off',
  'bad-redirect': 'it redirects to a URL that is not followed',
  'too-many-redirects': 'it redirects more than three times',
  'encoded-body': 'it answered a compressed body, which was not asked for',
} as const

/** What went wrong, in one word. More would let callers look into the network of the frontend. */
export type FailureWord = keyof typeof explanations

/** A request to a URL that a caller named has failed. */
export class OutboundFailure extends Error {
  readonly word: FailureWord

  constructor(word: FailureWord, cause?: unknown) {
    super(explanations[word], { cause })
    this.word = word
  }
}
