import { type Frame, unitOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'

/** 64 coefficients of 16 bits. */
export const blockBytes = 128

/** The coefficients of a component in the kernel's memory: their address, and the number of blocks. */
export interface Plane {
  readonly at: number
  readonly across: number
  readonly down: number
}

/** Allocates the coefficients of a frame, all zero. */
export function allocatePlanes(kernel: JpegKernel, frame: Frame): Plane[] {
  return describePlanes(kernel, frame, blocks => kernel.allocateZeros(blocks * blockBytes))
}

/**
 * Describes the components of a frame to the kernel and returns them. `allocate` allocates the blocks of the component
 * with this index. Each component has blocks for whole MCUs, even if fewer are enough for its samples (T.81, A.1.1 and
 * A.2).
 */
export function describePlanes(
  kernel: JpegKernel,
  frame: Frame,
  allocate: (blocks: number, index: number) => number = () => 0,
): Plane[] {
  const unit = unitOf(frame)
  const mcusAcross = Math.ceil(frame.width / (8 * unit.horizontal))
  const mcusDown = Math.ceil(frame.height / (8 * unit.vertical))
  return frame.components.map((component, index) => {
    const [across, down] = [mcusAcross * component.horizontal, mcusDown * component.vertical]
    const at = allocate(across * down, index)
    const ownAcross = Math.ceil(Math.ceil((frame.width * component.horizontal) / unit.horizontal) / 8)
    const ownDown = Math.ceil(Math.ceil((frame.height * component.vertical) / unit.vertical) / 8)
    const { horizontal, vertical } = component
    kernel.setComponent(index, at, across, down, ownAcross, ownDown, horizontal, vertical)
    return { at, across, down }
  })
}
