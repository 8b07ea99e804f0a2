/** Reads the files of a drop, folders included. Entries must be read before the first await, when the drop ends. */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].flatMap(item => item.webkitGetAsEntry() ?? [])
  const loose = [...transfer.files]
  if (entries.length === 0) return loose
  const files: File[] = []
  for (const entry of entries) await collect(entry, files)
  return files
}

async function collect(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (isFile(entry)) {
    // Other files in a folder are skipped, like those that can't be read; a single file that is not an image gets an error.
    const file = await new Promise<File | undefined>(resolve => entry.file(resolve, () => resolve(undefined)))
    const isLoose = entry.fullPath.lastIndexOf('/') === 0
    if (file && (isLoose || looksLikeImage(file))) files.push(file)
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // At most 100 entries a call.
    const entries = await new Promise<FileSystemEntry[]>(resolve =>
      reader.readEntries(resolve, () => resolve([])),
    )
    if (entries.length === 0) return
    for (const each of entries) await collect(each, files)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

export function looksLikeImage({ type, name }: File): boolean {
  return type.startsWith('image/') || /\.(jpe?g|png|webp|gif|tiff?|avif|hei[cf])$/i.test(name)
}
