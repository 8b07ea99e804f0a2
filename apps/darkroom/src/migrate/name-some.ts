const most = 10

/** The first names, for a report that would be too long with all of them. */
export function nameSome(names: readonly string[]): string {
  return names.slice(0, most).join(', ') + (names.length > most ? ', …' : '')
}
