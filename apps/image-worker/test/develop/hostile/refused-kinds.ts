import type { HostileInput } from './hostile-input.ts'
import { latin1 } from './latin1.ts'

/** Kinds that other programs accept as images. */
export function refusedKinds(): HostileInput[] {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
  const kinds = {
    nothing: '',
    'one byte': '\xff',
    svg,
    'svg with a declaration': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg}`,
    pdf: '%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj',
    postscript: '%!PS-Adobe-3.0 EPSF-3.0\n',
    heic: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    'heic that names avif, too': '\0\0\0\x1cftypheic\0\0\0\0mif1heicavif',
    jxl: '\xff\x0a\x00\x10',
    'jxl in boxes': '\0\0\0\x0cJXL \r\n\x87\n',
    'jpeg 2000': '\0\0\0\x0cjP  \r\n\x87\n',
    ppm: 'P6\n2 2\n255\nabcdefghijkl',
    pfm: 'PF\n1 1\n-1.0\n0000',
    bmp: `BM${'\0'.repeat(60)}`,
    ico: '\0\0\x01\0\x01\0\x10\x10\0\0',
    psd: `8BPS\0\x01${'\0'.repeat(30)}`,
    exr: 'v/1\x01\x02\0\0\0',
    hdr: '#?RADIANCE\n',
    vips: '\xb6\xa6\xf2\x08\0\0\0\0',
    fits: 'SIMPLE  =                    T',
    mvg: 'push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 "https://x"',
    html: '<!doctype html><script>1</script>',
    zip: 'PK\x03\x04\x14\0',
    elf: '\x7fELF\x02\x01\x01',
    mp4: '\0\0\0\x18ftypmp42\0\0\0\0isommp42',
  }
  return Object.entries(kinds).map(([name, text]) => ({
    name: `kind: ${name}`,
    bytes: latin1(text),
    expected: 'refused',
  }))
}
