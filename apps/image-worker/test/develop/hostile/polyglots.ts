import { application, comment } from '../../permute/gif/gif-assembler.ts'
import { chunk, withChunks } from '../../permute/png/png-assembler.ts'
import { jpegWith } from '../metadata-traces.ts'
import type { HostileInput } from './hostile-input.ts'
import { latin1 } from './latin1.ts'

/** A text that must never be in a result. */
export const smuggled = '<script>alert("PK\x03\x04 smuggled")</script>'

/** Valid images that are also files of another type. */
export function polyglots(valid: Map<string, Buffer>): HostileInput[] {
  const inside: HostileInput[] = []
  const add = (name: string, bytes: Buffer) => inside.push({ name, bytes, expected: 'developed' })
  for (const [name, file] of valid) {
    // libwebp and libheif read no further than the announced length; a TIFF may contain anything anywhere.
    // But the frames of an animation must be alike.
    if (name === 'tiff of pages that differ') continue
    add(`${name} with a script after its end`, Buffer.concat([file, latin1(smuggled)]))
  }
  const get = (name: string) => valid.get(name) ?? Buffer.alloc(0)
  const script = latin1(smuggled)
  add('jpeg with a script as its comment', jpegWith(get('jpeg'), [{ marker: 0xfe, data: script }]))
  add('jpeg with a script as its application data', jpegWith(get('jpeg'), [{ marker: 0xe9, data: script }]))
  for (const name of ['png', 'palette png', '16-bit png']) {
    const png = get(name)
    const more = (data: Buffer) => withChunks(png, data)
    add(`${name} with a script as text`, more(chunk('tEXt', Buffer.concat([latin1('x\0'), script]))))
    add(`${name} with a script as an unknown chunk`, more(chunk('scRi', script)))
    add(
      `${name} with a script after its data`,
      Buffer.concat([
        png.subarray(0, -12),
        chunk('tEXt', Buffer.concat([latin1('x\0'), script])),
        chunk('IEND'),
      ]),
    )
  }
  const gif = get('animated gif')
  const ended = (extension: Buffer) => Buffer.concat([gif.subarray(0, -1), extension, Buffer.of(0x3b)])
  add('gif with a script as its comment', ended(comment(smuggled)))
  add('gif with a script as an application', ended(application('EVILEVIL1.0', script)))
  return inside
}
