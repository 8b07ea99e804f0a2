/** The system lists a folder in any order. Numbers in names count as numbers, as in file managers. */
const { compare } = new Intl.Collator(undefined, { numeric: true })

/**
 * Reads the files of a drop, folders included. All items must be read before the first await, when the drop ends. Files come
 * from the items themselves: WebKit can't read the entry of a file that is only in memory.
 */
export async function filesOfDrop({ items }: DataTransfer): Promise<File[]> {
  const found = [...items].map(item => {
    const entry = item.webkitGetAsEntry()
    return entry?.isDirectory ? filesIn(entry) : (item.getAsFile() ?? [])
  })
  return (await Promise.all(found)).flat()
}

async function filesOf(entries: readonly FileSystemEntry[]): Promise<File[]> {
  return (await Promise.all(entries.map(entry => (isFile(entry) ? fileOf(entry) : filesIn(entry))))).flat()
}

/** Other files in a folder are skipped, like those that can't be read; a single file that is not an image gets an error. */
async function fileOf(entry: FileSystemFileEntry): Promise<File[]> {
  const file = await new Promise<File | undefined>(resolve => entry.file(resolve, () => resolve(undefined)))
  if (!file || !looksLikeImage(file)) return []
  // The rows of a dropped folder have the same names as those of a picked folder.
  Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.slice(1) })
  return [file]
}

async function filesIn(folder: FileSystemEntry): Promise<File[]> {
  const reader = (folder as FileSystemDirectoryEntry).createReader()
  const entries: FileSystemEntry[] = []
  for (;;) {
    // At most 100 entries a call.
    const next = await new Promise<FileSystemEntry[]>(resolve =>
      reader.readEntries(resolve, () => resolve([])),
    )
    if (next.length === 0) return filesOf(entries.sort((a, b) => compare(a.name, b.name)))
    entries.push(...next)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

export function looksLikeImage({ type, name }: File): boolean {
  if (name.startsWith('._')) return false // what macOS puts beside each file on a disk of another system
  return type.startsWith('image/') || /\.(jpe?g|png|webp|gif|tiff?|avif|hei[cf])$/i.test(name)
}

/** The images among the files of a folder that was picked. */
export function imagesOfFolder(files: readonly File[]): File[] {
  return files.filter(looksLikeImage).sort((a, b) => compare(a.webkitRelativePath, b.webkitRelativePath))
}
