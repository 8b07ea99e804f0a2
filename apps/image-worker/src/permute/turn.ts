import type { Rectangle, Size } from './rectangle.ts'

/** One of the eight orientations of a picture: mirrored left to right or not, then turned clockwise. */
export interface Turn {
  mirrored: boolean
  angle: 0 | 90 | 180 | 270
}

export const noTurn: Turn = { mirrored: false, angle: 0 }
export const flop: Turn = { mirrored: true, angle: 0 }
export const flip: Turn = { mirrored: true, angle: 180 }

/** The turn by an angle; undefined unless it is a multiple of 90 degrees. */
export function turnBy(degrees: number): Turn | undefined {
  const angle = ((degrees % 360) + 360) % 360
  return angle % 90 === 0 ? { mirrored: false, angle: angle as Turn['angle'] } : undefined
}

/** The turn that shows an image of an EXIF orientation, 1 to 8, upright (Exif 2.32, 4.6.4 A). */
export function turnOfOrientation(orientation: number): Turn {
  return turnsOfOrientations[orientation - 1] ?? noTurn
}

const turnsOfOrientations: readonly Turn[] = [
  noTurn,
  flop,
  { mirrored: false, angle: 180 },
  flip,
  { mirrored: true, angle: 270 },
  { mirrored: false, angle: 90 },
  { mirrored: true, angle: 90 },
  { mirrored: false, angle: 270 },
]

/** The EXIF orientation, 1 to 8, of an image that this turn shows upright. */
export function orientationOf({ mirrored, angle }: Turn): number {
  return 1 + turnsOfOrientations.findIndex(turn => turn.mirrored === mirrored && turn.angle === angle)
}

export function isTurned({ mirrored, angle }: Turn): boolean {
  return mirrored || angle !== 0
}

export function swapsAxes({ angle }: Pick<Turn, 'angle'>): boolean {
  return angle % 180 === 90
}

/** The turn that is equal to two turns, one after the other. */
export function composeTurns(first: Turn, second: Turn): Turn {
  // A mirror image turns the other way round.
  const angle = (second.mirrored ? 360 - first.angle : first.angle) + second.angle
  return { mirrored: first.mirrored !== second.mirrored, angle: (angle % 360) as Turn['angle'] }
}

export function inverseOf({ mirrored, angle }: Turn): Turn {
  return mirrored ? { mirrored, angle } : { mirrored, angle: ((360 - angle) % 360) as Turn['angle'] }
}

export function turnedSize({ width, height }: Size, turn: Pick<Turn, 'angle'>): Size {
  return swapsAxes(turn) ? { width: height, height: width } : { width, height }
}

/** The rectangle of a picture of this size after the picture is turned. */
export function turnedRectangle(rectangle: Rectangle, picture: Size, { mirrored, angle }: Turn): Rectangle {
  const { top, width, height } = rectangle
  const left = mirrored ? picture.width - rectangle.left - width : rectangle.left
  const right = picture.width - left - width
  const bottom = picture.height - top - height
  switch (angle) {
    case 0:
      return { left, top, width, height }
    case 90:
      return { left: bottom, top: left, width: height, height: width }
    case 180:
      return { left: right, top: bottom, width, height }
    case 270:
      return { left: top, top: right, width: height, height: width }
  }
}
