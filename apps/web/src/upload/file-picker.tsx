interface FilePickerProps {
  id: string
  label: string
  isMultiple?: boolean
  isFolder?: boolean
  onFiles(files: File[]): void
}

/** A file input that looks like a button. */
export function FilePicker({ id, label, isMultiple = false, isFolder = false, onFiles }: FilePickerProps) {
  const choose = (input: HTMLInputElement) => {
    onFiles([...(input.files ?? [])])
    input.value = '' // the same files can be chosen again
  }
  return (
    <span class="picker">
      <input
        id={id}
        type="file"
        multiple={isMultiple}
        accept={isFolder ? undefined : 'image/*,.heic,.heif,.tif,.tiff,.avif'}
        ref={input => {
          if (input && isFolder) input.webkitdirectory = true
        }}
        onChange={event => choose(event.currentTarget)}
      />
      <label for={id} class="button">
        {label}
      </label>
    </span>
  )
}
