/** A UUID of version 7, as the ids of images are; also at the beginning of a blob's key, and within a path. */
const imageId = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/

/** A log field with the id of the image in a path, a key or a body; empty without an id. */
export function imageIdIn(...places: unknown[]): { id?: string } {
  for (const place of places) {
    const named = typeof place === 'object' && place !== null && 'id' in place ? place.id : place
    const [id] = (typeof named === 'string' && imageId.exec(named)) || []
    if (id !== undefined) return { id }
  }
  return {}
}
