/** The second byte of a marker (ITU-T T.81, table B.1). */
export const markers = {
  baselineFrame: 0xc0,
  extendedFrame: 0xc1,
  progressiveFrame: 0xc2,
  huffmanTables: 0xc4,
  arithmeticFrame: 0xc9,
  restart0: 0xd0,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  quantisationTables: 0xdb,
  numberOfLines: 0xdc,
  restartInterval: 0xdd,
  app0: 0xe0,
  app1: 0xe1,
  app2: 0xe2,
  app13: 0xed,
  app14: 0xee,
  app15: 0xef,
  comment: 0xfe,
} as const

/** Whether no segment follows a marker: RST, SOI, EOI and TEM. */
export function isStandalone(marker: number): boolean {
  return (marker >= markers.restart0 && marker <= markers.endOfImage) || marker === 0x01
}

/** Whether a marker begins a frame header, of any coding. */
export function isFrame(marker: number): boolean {
  return marker >= markers.baselineFrame && marker <= 0xcf && !others.includes(marker)
}

/** Markers between those of frames: tables, and a reserved marker. */
const others: readonly number[] = [markers.huffmanTables, 0xc8, 0xcc]

/** Whether the data of an APPn segment begin with this name, and have at least as many bytes as libjpeg requires. */
export function isNamed(name: string, data: Uint8Array, minBytes: number): boolean {
  return data.length >= minBytes && Buffer.from(data.subarray(0, name.length)).toString('latin1') === name
}
