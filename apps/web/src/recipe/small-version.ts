const maxSide = 640

/** A small version of an image for a quick try; the file itself if this browser can't decode it. */
export async function smallVersion(file: File): Promise<Blob> {
  try {
    const full = await createImageBitmap(file)
    const scale = Math.min(1, maxSide / Math.max(full.width, full.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(full.width * scale))
    canvas.height = Math.max(1, Math.round(full.height * scale))
    canvas.getContext('2d')?.drawImage(full, 0, 0, canvas.width, canvas.height)
    full.close()
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('nothing to draw'))), 'image/png'),
    )
  } catch {
    return file // the server decodes more formats than the browser
  }
}
