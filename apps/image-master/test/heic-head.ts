/** The part that intake reads of a HEIF file with an HEVC image of 40 x 30 pixels: the file without image data. */
export function heicHead(brand: 'heic' | 'mif1'): Buffer {
  const infe = box('infe', [2, 0, 0, 0, 0, 1, 0, 0], 'hvc1', [0])
  const hvcC = box('hvcC', [1, ...new Array(16).fill(0), 0xf8, 0xf8, 0, 0, 0, 0])
  const ispe = box('ispe', [0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 30])
  const meta = box(
    'meta',
    [0, 0, 0, 0],
    box('pitm', [0, 0, 0, 0, 0, 1]),
    box('iinf', [0, 0, 0, 0, 0, 1], infe),
    box('iprp', box('ipco', hvcC, ispe), box('ipma', [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 1, 2])),
  )
  return Buffer.concat([box('ftyp', brand, [0, 0, 0, 0], brand), meta, box('mdat', new Array(100).fill(0))])
}

function box(type: string, ...parts: (string | Uint8Array | number[])[]): Buffer {
  const body = Buffer.concat(
    parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  )
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}
