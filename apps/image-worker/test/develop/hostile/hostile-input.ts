export interface HostileInput {
  name: string
  bytes: Buffer
  /** The outcome, where it is certain. */
  expected?: 'refused' | 'developed'
}
