/** The bytes are not a valid header of a supported image. The message is for the person who sent them. */
export class MalformedImage extends Error {
  override readonly name = 'MalformedImage'
}
