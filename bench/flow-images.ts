import sharp from 'sharp'
import { pickPhotographs } from './photographs.ts'

/** One row of the benchmark: images of one kind, and how many of them there are in a round. */
export interface ImageKind {
  readonly name: string
  readonly images: readonly Buffer[]
  readonly perRound: number
}

/** Small, middle and large, made from photographs; JPEGs have quality 80, sharp's default. */
export async function makeImageKinds(): Promise<ImageKind[]> {
  const photographs = (await pickPhotographs(4)).map(({ bytes }) => bytes)
  const each = (make: (photograph: Buffer) => Promise<Buffer>) => Promise.all(photographs.map(make))
  const resized = (photograph: Buffer, width: number, height: number) =>
    sharp(photograph).resize(width, height, { fit: 'cover' })
  return [
    { name: 'PNG, 64 x 48', perRound: 600, images: await each(p => resized(p, 64, 48).png().toBuffer()) },
    {
      name: 'JPEG, 800 x 600',
      perRound: 200,
      images: await each(p => resized(p, 800, 600).jpeg().toBuffer()),
    },
    { name: 'JPEG, 6 MP', perRound: 32, images: await each(p => resized(p, 3000, 2000).jpeg().toBuffer()) },
    {
      name: 'palette PNG, 1 MP',
      perRound: 64,
      images: await each(p => resized(p, 1200, 800).png({ palette: true }).toBuffer()),
    },
    { name: 'GIF, 1 MP', perRound: 48, images: await each(p => resized(p, 1200, 800).gif().toBuffer()) },
  ]
}
