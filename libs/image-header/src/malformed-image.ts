/** The bytes are not a valid header of a supported image. The message is for the person who sent them. */
export class MalformedImage extends Error {
  override readonly name: string = 'MalformedImage'
}

/** The bytes begin like those of a supported image, and belong to another type of image. */
export class UnsupportedImage extends MalformedImage {
  override readonly name = 'UnsupportedImage'
}
