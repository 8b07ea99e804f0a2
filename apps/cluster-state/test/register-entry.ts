import { type Entry, writeRegister } from '@darkroom/crdt'

/** A register that was written once, on node-1. */
export const registerEntry = (name: string, value: number): Entry => ({
  kind: 'register',
  name,
  ...writeRegister(undefined, 'node-1', value),
})
