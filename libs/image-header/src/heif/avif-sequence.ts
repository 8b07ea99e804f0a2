import { MalformedImage } from '../malformed-image.ts'
import type { Box, BoxWalker } from './boxes.ts'
import { parseAv1Configuration } from './properties.ts'

export interface AvifSequence {
  width: number
  height: number
  samples: number
  bits: number
  hasAlpha: boolean
}

interface Track {
  handler: string
  samples: number
  width: number
  height: number
  bits: number
}

/**
 * The `moov` of an image sequence: ISO/IEC 14496-12 section 8. The number of samples comes from the sample size table,
 * their size from the sample description. Undefined when there is no picture track.
 */
export async function readSequence(walker: BoxWalker, moov: Box): Promise<AvifSequence | undefined> {
  let picture: Track | undefined
  let hasAlpha = false
  for await (const box of walker.children(moov)) {
    if (box.type !== 'trak') continue
    const track = await readTrack(walker, box)
    if (track.handler === 'pict' && track.samples > (picture?.samples ?? 0)) picture = track
    if (track.handler === 'auxv') hasAlpha = true
  }
  if (!picture) return undefined
  const { width, height, samples, bits } = picture
  return { width, height, samples, bits, hasAlpha }
}

/** trak > mdia > (hdlr, minf > stbl > (stsd, stsz)): the containers have no fields of their own. */
async function readTrack(walker: BoxWalker, trak: Box): Promise<Track> {
  const track: Track = { handler: '', samples: 0, width: 0, height: 0, bits: 8 }
  const containers = ['mdia', 'minf', 'stbl']
  const open = [trak]
  for (let parent = open.pop(); parent; parent = open.pop())
    for await (const box of walker.children(parent)) {
      if (containers.includes(box.type)) open.push(box)
      else if (box.type === 'hdlr') track.handler = await readHandler(walker, box)
      else if (box.type === 'stsz' || box.type === 'stz2') track.samples = await readSampleCount(walker, box)
      else if (box.type === 'stsd') await readDescription(walker, box, track)
    }
  return track
}

/** Section 8.4.3: version and flags, a field of 0, the type. */
async function readHandler(walker: BoxWalker, box: Box): Promise<string> {
  return box.end - box.body < 12 ? '' : walker.reader.text(box.body + 8, 4)
}

/** Section 8.7.3: version and flags, a common size or its width, the count; the sizes after it aren't read. */
async function readSampleCount(walker: BoxWalker, box: Box): Promise<number> {
  if (box.end - box.body < 12) throw new MalformedImage("the file's sample size table is truncated")
  return (await walker.reader.view(box.body + 8, 4)).getUint32(0)
}

/** Sections 8.5.2 and 12.1.3: the first entry. Its size is at byte 24, and its boxes begin at byte 78. */
async function readDescription(walker: BoxWalker, stsd: Box, track: Track): Promise<void> {
  for await (const entry of walker.children(stsd, 8)) {
    if (entry.type !== 'av01' || entry.end - entry.body < 78) return
    const view = await walker.reader.view(entry.body + 24, 4)
    track.width = view.getUint16(0)
    track.height = view.getUint16(2)
    for await (const box of walker.children(entry, 78)) {
      if (box.type !== 'av1C') continue
      const property = parseAv1Configuration(await walker.table(box))
      if (property.type === 'bits') track.bits = property.bits
    }
    return
  }
}
