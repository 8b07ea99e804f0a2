/**
 * Replaces line feeds, and codes that change a terminal: the names of files and keys, and the text of a server, can contain
 * them.
 */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?')
}
