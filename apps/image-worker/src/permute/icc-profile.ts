import { NotWellFormed } from './not-well-formed.ts'

/** Checks the header of an ICC profile (ICC.1:2022, 7.2): its size, its signature and the colours it describes. */
export function expectIccProfile(profile: Buffer, colorSpace: 'RGB ' | 'GRAY'): void {
  if (profile.length < 132 || profile.readUInt32BE(0) !== profile.length) {
    throw new NotWellFormed("the ICC profile's size does not match its header")
  }
  if (profile.toString('latin1', 36, 40) !== 'acsp')
    throw new NotWellFormed('the ICC profile has no signature')
  if (profile.toString('latin1', 16, 20) !== colorSpace) {
    throw new NotWellFormed('the ICC profile is not for the kind of colours that the image has')
  }
}
