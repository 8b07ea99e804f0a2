import { type Frame, samplingOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'

/** 64 coefficients of 16 bits. */
const blockBytes = 128

/** The coefficients of a component in the kernel's memory: where they are, and how many blocks. */
export interface Plane {
  readonly at: number
  readonly across: number
  readonly down: number
}

/** T.81, A.1.1 and A.2: each component has whole units of blocks, though fewer may do for its samples. */
export function allocatePlanes(kernel: JpegKernel, frame: Frame): Plane[] {
  const sampling = samplingOf(frame)
  const unitsAcross = Math.ceil(frame.width / (8 * sampling.across))
  const unitsDown = Math.ceil(frame.height / (8 * sampling.down))
  return frame.components.map((component, index) => {
    const [across, down] = [unitsAcross * component.across, unitsDown * component.down]
    const at = kernel.allocateZeros(across * down * blockBytes)
    const ownAcross = Math.ceil(Math.ceil((frame.width * component.across) / sampling.across) / 8)
    const ownDown = Math.ceil(Math.ceil((frame.height * component.down) / sampling.down) / 8)
    kernel.setComponent(index, at, across, down, ownAcross, ownDown, component.across, component.down)
    return { at, across, down }
  })
}
