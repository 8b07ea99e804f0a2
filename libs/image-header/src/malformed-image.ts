/** The bytes are no valid header of an image that is taken. The message is for the person who sent them. */
export class MalformedImage extends Error {
  override readonly name = 'MalformedImage'
  readonly code = 'MALFORMED_IMAGE'
}
