import { type Static, Type } from './typebox/typebox.js'

/** Counters of cluster-state: what became of images, everywhere. */
export const imageCounters = {
  accepted: 'images.accepted',
  finished: 'images.finished',
  failed: 'images.failed',
  bytesIn: 'bytes.in',
  bytesOut: 'bytes.out',
} as const

/** The register of cluster-state that says whether frontends take uploads. Not set is open. */
export const intakeRegister = 'intake'

export const intakeStates = ['open', 'paused'] as const
export const IntakeState = Type.Enum(intakeStates)
export type IntakeState = Static<typeof IntakeState>
