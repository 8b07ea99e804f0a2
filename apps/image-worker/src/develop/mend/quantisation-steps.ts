import { NotWellFormed } from '../../permute/not-well-formed.ts'

/**
 * Expects the steps of a DQT segment, of one byte or two each, to be above zero (T.81, B.2.4.1). Decoders accept zeros
 * without a warning, although zeros are often the trace of lost bytes.
 *
 * @throws NotWellFormed for a zero, and for a table that is cut off
 */
export function expectSteps(data: Buffer): void {
  for (let at = 0; at < data.length; ) {
    const stepBytes = data.readUInt8(at) >> 4 === 0 ? 1 : 2
    const steps = data.subarray(at + 1, at + 1 + 64 * stepBytes)
    if (steps.length < 64 * stepBytes) throw new NotWellFormed('a quantisation table is cut off')
    for (let index = 0; index < steps.length; index += stepBytes)
      if (steps.readUIntBE(index, stepBytes) === 0) throw new NotWellFormed('a quantisation step is zero')
    at += 1 + steps.length
  }
}
