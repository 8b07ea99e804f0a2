/** The texts of a setting that are separated by commas. */
export function splitList(list: string): string[] {
  const texts = list.split(',').map(text => text.trim())
  return texts.filter(text => text !== '')
}
