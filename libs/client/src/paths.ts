/** @throws TypeError if the id can't be in a path */
export function imagePath(id: string): string {
  return `/images/${segment('the id of an image', id)}`
}

/** @throws TypeError if the name can't be in a path */
export function presetPath(name: string): string {
  return `/presets/${segment('the name of a preset', name)}`
}

/**
 * A part of a path, percent-encoded. fetch removes `.` and `..` from paths, even if they are encoded, so the request would
 * go to another path: `/images/./retry` retries all images. An empty part can also lead to another path.
 */
function segment(what: string, text: string): string {
  const isSegment = typeof text === 'string' && !['', '.', '..'].includes(text) && text.isWellFormed()
  if (isSegment) return encodeURIComponent(text)
  throw new TypeError(`${what} must be a text that can be part of a path, got ${JSON.stringify(text)}`)
}
