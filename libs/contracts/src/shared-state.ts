import { type Static, Type } from './typebox/typebox.js'

/** Counters in cluster-state: the outcomes of images, over all nodes. */
export const imageCounters = {
  accepted: 'images.accepted',
  finished: 'images.finished',
  failed: 'images.failed',
  bytesIn: 'bytes.in',
  bytesOut: 'bytes.out',
} as const

/** The register in cluster-state that decides whether frontends accept uploads. If it is not set, they do. */
export const intakeRegister = 'intake'

const intakeStates = ['open', 'paused'] as const
export const IntakeState = Type.Enum(intakeStates)
export type IntakeState = Static<typeof IntakeState>
