import { useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { Refusal } from '../api/refusal.ts'
import { notice } from '../shell/notice.ts'
import { addFiles } from './add-files.ts'
import { filesOfDrop, imagesOfFolder } from './dropped-files.ts'
import { FilePicker } from './file-picker.tsx'

/** Takes images that are dropped anywhere on the page, pasted, or picked. */
export function DropZone() {
  const isOver = useSignal(false)
  // Before the first paint: the browser would open a file that is dropped earlier in place of the page.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      const hasFiles = has(event, 'Files')
      if (!hasFiles && !isLink(event)) return
      event.preventDefault()
      isOver.value = hasFiles
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isOver.value = false
    }
    const drop = (event: DragEvent) => {
      const { dataTransfer } = event
      if (isLink(event)) {
        event.preventDefault()
        explain('A link was dropped, not a file', 'Save the image, then choose the file.')
      }
      if (!dataTransfer || !has(event, 'Files')) return // such as text, which a field takes
      event.preventDefault()
      isOver.value = false
      void filesOfDrop(dataTransfer).then(addOrExplain)
    }
    const paste = ({ clipboardData, target }: ClipboardEvent) => {
      const files = [...(clipboardData?.files ?? [])]
      // Spreadsheets copy their cells also as an image; a field takes the text.
      if (isField(target) && (files.length === 0 || clipboardData?.types.includes('text/plain'))) return
      if (files.length > 0) addFiles(files)
      else
        explain(
          'There is no image in the clipboard',
          'Copy the image itself, or save it and choose the file.',
        )
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])
  return (
    <section class={isOver.value ? 'tray is-over' : 'tray'} aria-labelledby="tray-title">
      <h1 id="tray-title">{isOver.value ? 'Release to add the images' : 'Drop images into the tray'}</h1>
      <p class="hint">Or paste them. Folders are fine, and so are thousands.</p>
      <div class="inline">
        <FilePicker id="pick-files" label="Choose images" isMultiple onFiles={addFiles} />
        <FilePicker
          id="pick-folder"
          label="Choose a folder"
          isMultiple
          isFolder
          onFiles={files => addOrExplain(imagesOfFolder(files))}
        />
      </div>
    </section>
  )
}

function has({ dataTransfer }: DragEvent, type: string): boolean {
  return dataTransfer?.types.includes(type) ?? false
}

/** Browsers may open a dropped link in place of the page, unless a field takes it. */
function isLink(event: DragEvent): boolean {
  return has(event, 'text/uri-list') && !has(event, 'Files') && !isField(event.target)
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea')
}

function addOrExplain(files: readonly File[]): void {
  if (files.length > 0) addFiles(files)
  else explain('There is no image in this folder', 'Choose another folder, or files.')
}

function explain(message: string, remedy: string): void {
  notice(new Refusal({ status: 0, code: 'nothing-to-add', message, remedy }))
}
