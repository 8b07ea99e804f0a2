/** TIFF 6.0 and Exif 2.32, section 4.6. */
export const tags = {
  width: 0x100,
  height: 0x101,
  orientation: 0x112,
  xResolution: 0x11a,
  yResolution: 0x11b,
  resolutionUnit: 0x128,
  chromaPosition: 0x213,
  thumbnail: 0x201,
  thumbnailBytes: 0x202,
  exif: 0x8769,
  gps: 0x8825,
  subjectArea: 0x9214,
  pixelWidth: 0xa002,
  pixelHeight: 0xa003,
  interoperability: 0xa005,
  subjectLocation: 0xa214,
} as const

/** Tags of the main directory about the pixels as they are stored. In a TIFF, the encoder writes these tags. */
export const storageTags: ReadonlySet<number> = new Set([
  tags.width,
  tags.height,
  tags.orientation,
  tags.xResolution,
  tags.yResolution,
  tags.resolutionUnit,
])

/** Tags that Exif requires in a JPEG only: the position of chroma samples, and the components. */
export const tagsOfJpeg: ReadonlySet<number> = new Set([tags.chromaPosition, 0x9101])

/** The resolution of the camera's sensor: pixels per unit across and down, and the unit. */
export const tagsOfSensor: ReadonlySet<number> = new Set([0xa20e, 0xa20f, 0xa210])

type Range = readonly [first: number, last: number]

/**
 * Tags that describe the picture: camera, exposure, dates, people, titles. All other tags describe the file that the
 * metadata comes from (strips, compression, previews), point into it, or only the camera's maker can read them: the
 * offsets of a MakerNote break when it is moved, and it may hold a preview of the original (Sony, Canon, Nikon).
 */
const descriptive: readonly Range[] = [
  [0x00b, 0x00b], // software
  [0x10d, 0x110], // document, description, make, model
  [0x11d, 0x11d], // page
  [0x131, 0x132], // software, date
  [0x13b, 0x13c], // artist, computer
  [0x213, 0x213],
  [0x4746, 0x4746], // rating
  [0x4749, 0x4749],
  [0x8298, 0x829d], // copyright, exposure
  [0x8822, 0x8824],
  [0x8827, 0x8835], // sensitivity
  [0x9000, 0x9012], // versions, dates
  [0x9101, 0x9101],
  [0x9201, 0x9217],
  [0x9286, 0x9292],
  [0x9400, 0x9405], // weather and place
  [0x9c9b, 0x9c9f], // Windows' title, comment, author, keywords, subject
  [0xa000, 0xa004],
  [0xa20b, 0xa217],
  [0xa300, 0xa302],
  [0xa401, 0xa43c],
  [0xa460, 0xa462],
  [0xa500, 0xa500],
]

export function isDescriptive(tag: number): boolean {
  return descriptive.some(([first, last]) => tag >= first && tag <= last)
}

/** Exif 2.32, 4.6.6: the GPS tags end at 0x1f. 4.6.7: all interoperability tags but these are about a related file. */
export const isOfGps = (tag: number) => tag <= 0x1f
export const isOfInteroperability = (tag: number) => tag === 1 || tag === 2
