import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Refusal } from '../api/refusal.ts'
import { notice } from '../shell/notice.ts'
import { addFiles } from './add-files.ts'
import { filesOfDrop, looksLikeImage } from './dropped-files.ts'
import { FilePicker } from './file-picker.tsx'

/** Takes images that are dropped anywhere on the page, pasted, or picked. */
export function DropZone() {
  const isOver = useSignal(false)
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      isOver.value = true
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isOver.value = false
    }
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return // such as text, which a field takes
      event.preventDefault()
      isOver.value = false
      void filesOfDrop(event.dataTransfer).then(addOrExplain)
    }
    const paste = ({ clipboardData }: ClipboardEvent) => {
      if (clipboardData?.files.length) addFiles([...clipboardData.files])
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
      <h1 id="tray-title">
        {isOver.value ? 'Let go to drop them into the tray' : 'Drop images into the tray'}
      </h1>
      <p class="hint">Or paste them. Folders are fine, and so are thousands.</p>
      <div class="inline">
        <FilePicker id="pick-files" label="Choose images" isMultiple onFiles={addFiles} />
        <FilePicker
          id="pick-folder"
          label="Choose a folder"
          isMultiple
          isFolder
          onFiles={files => addOrExplain(files.filter(looksLikeImage))}
        />
      </div>
    </section>
  )
}

function addOrExplain(files: readonly File[]): void {
  if (files.length > 0) addFiles(files)
  else
    notice(
      new Refusal({
        status: 0,
        code: 'no-images',
        message: 'There is no image in this folder',
        remedy: 'Choose another folder, or files.',
      }),
    )
}
