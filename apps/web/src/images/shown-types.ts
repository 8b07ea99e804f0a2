/** Formats that browsers show; of others the server makes previews. */
const shownTypes = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'])

export function canShow(contentType: string): boolean {
  return shownTypes.has(contentType)
}
