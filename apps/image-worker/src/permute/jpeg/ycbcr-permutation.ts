import { type ChannelOrder, sourceChannels } from '../channel-order.ts'

/** JFIF 1.02: luma weighs red, green and blue as in ITU-R BT.601; chroma is a scaled difference from luma. */
const [red, green, blue] = [0.299, 0.587, 0.114]
const [redScale, blueScale] = [2 * (1 - red), 2 * (1 - blue)]

/** The factors for the two chroma components. */
export type Weights = readonly [blue: number, red: number]

/** How a permutation changes Y, Cb and Cr: the amount added to luma, and the new chroma. */
interface YcbcrPermutation {
  readonly luma: Weights
  readonly chromaBlue: Weights
  readonly chromaRed: Weights
}

/** Grey, whose chroma is zero, stays the same under every permutation, so new chroma doesn't depend on luma. */
export function ycbcrPermutation(order: ChannelOrder): YcbcrPermutation {
  const along = (chromaBlue: number, chromaRed: number) => {
    const colour = [
      redScale * chromaRed,
      (-blue * blueScale * chromaBlue - red * redScale * chromaRed) / green,
      blueScale * chromaBlue,
    ]
    const [newRed = 0, newGreen = 0, newBlue = 0] = sourceChannels(order).map(source => colour[source] ?? 0)
    const luma = red * newRed + green * newGreen + blue * newBlue
    return { luma, blue: (newBlue - luma) / blueScale, red: (newRed - luma) / redScale }
  }
  const [ofBlue, ofRed] = [along(1, 0), along(0, 1)]
  return {
    luma: [ofBlue.luma, ofRed.luma],
    chromaBlue: [ofBlue.blue, ofRed.blue],
    chromaRed: [ofBlue.red, ofRed.red],
  }
}
