import { Refusal } from '../api/refusal.ts'

/** The browser keeps only a reference to a file. @throws Refusal if the file was changed or moved since it was chosen */
export async function expectReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer()
  } catch {
    throw new Refusal({
      status: 410,
      code: 'file-gone',
      message: 'The file was changed or moved since it was chosen',
      remedy: 'Choose it again.',
    })
  }
}
