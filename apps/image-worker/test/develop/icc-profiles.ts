/** A profile of linear grey (ICC.1:2022, 8.3.2), as far as decoders need it. */
export function greyProfile(): Buffer {
  const profile = Buffer.alloc(128 + 4 + 2 * 12 + 20 + 12)
  profile.writeUInt32BE(profile.length)
  profile.writeUInt32BE(0x0240_0000, 8)
  profile.write('mntrGRAYXYZ ', 12, 'latin1')
  profile.write('acsp', 36, 'latin1')
  const white = Buffer.from('0000f6d6000100000000d32d', 'hex')
  white.copy(profile, 68)
  profile.writeUInt32BE(2, 128)
  for (const [index, [tag, at, bytes]] of [
    ['wtpt', 156, 20] as const,
    ['kTRC', 176, 12] as const,
  ].entries()) {
    profile.write(tag, 132 + 12 * index, 'latin1')
    profile.writeUInt32BE(at, 136 + 12 * index)
    profile.writeUInt32BE(bytes, 140 + 12 * index)
  }
  profile.write('XYZ ', 156, 'latin1')
  white.copy(profile, 164)
  profile.write('curv', 176, 'latin1')
  return profile
}

/** A profile whose colours are those of its connection space (ICC.1:2022, 10.12): three curves that change nothing. */
export function identityProfile(space: string): Buffer {
  const header = Buffer.alloc(128)
  header.writeUInt32BE(0x0440_0000, 8)
  header.write(`abst${space}${space}`, 12, 'latin1')
  header.write('acsp', 36, 'latin1')
  const curve = Buffer.from('70617261000000000000000000010000', 'hex')
  const tag = Buffer.from(`6d414220000000000303000000000020${'00'.repeat(16)}`, 'hex')
  const table = Buffer.from('00000001413242300000009000000050', 'hex')
  const profile = Buffer.concat([header, table, tag, curve, curve, curve])
  profile.writeUInt32BE(profile.length)
  return profile
}

/** A profile in as many APP2 segments of a JPEG as it needs (ICC.1:2022, B.4). */
export function iccSegments(icc: Buffer): { marker: number; data: Buffer }[] {
  const room = 60_000
  const count = Math.ceil(icc.length / room)
  return Array.from({ length: count }, (_, index) => {
    const head = Buffer.concat([Buffer.from('ICC_PROFILE\0', 'latin1'), Buffer.of(index + 1, count)])
    return { marker: 0xe2, data: Buffer.concat([head, icc.subarray(index * room, (index + 1) * room)]) }
  })
}
