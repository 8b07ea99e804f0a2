import { useEffect, useRef } from 'preact/hooks'
import { urlOf } from '../api/base.ts'
import { deleteRows } from '../images/delete.ts'
import { download, downloadUrl } from '../images/download.ts'
import { imageOf, type Row } from '../images/row.ts'
import { bytesWords, facts, stateWords, typeWords } from '../images/row-words.ts'
import { Icon } from '../shell/icon.tsx'
import { Comparison } from './comparison.tsx'
import { openedRow } from './details.ts'

/** One image in full: both sides, its facts, and why it failed. */
export function DetailsDialog() {
  const row = openedRow.value
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (row) dialog.current?.showModal()
    else dialog.current?.close()
  }, [row])
  return (
    <dialog
      ref={dialog}
      class="details"
      aria-labelledby="details-title"
      onClose={() => (openedRow.value = undefined)}
    >
      {row && <Details row={row} />}
    </dialog>
  )
}

function Details({ row }: { row: Row }) {
  const view = row.view.value
  const image = imageOf(row)
  const close = () => (openedRow.value = undefined)
  const remove = () => {
    close()
    deleteRows([row])
  }
  return (
    <>
      <header class="details-head">
        <h2 id="details-title">{row.name}</h2>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          <Icon name="cross" />
        </button>
      </header>
      {view.state === 'finished' && <Comparison row={row} image={view.image} />}
      <p class={view.state === 'failed' || view.state === 'refused' ? 'refusal' : 'details-state'}>
        {stateWords(view)}
      </p>
      <dl class="facts">
        <dt>Original</dt>
        <dd>{facts(row)}</dd>
        {image?.result && (
          <>
            <dt>Result</dt>
            <dd>
              {typeWords(image.result.contentType)} · {image.result.width} × {image.result.height} ·{' '}
              {bytesWords(image.result.bytes)}
            </dd>
          </>
        )}
        {image && (
          <>
            <dt>Steps</dt>
            <dd>{(image.operations ?? []).map(({ name }) => name).join(', ')}</dd>
            <dt>Id</dt>
            <dd class="id">{image.id}</dd>
          </>
        )}
      </dl>
      <div class="inline">
        {image && view.state === 'finished' && (
          <a
            class="button primary"
            href={downloadUrl(image)}
            onClick={event => void download(event, row, image)}
          >
            Download
          </a>
        )}
        {image && (
          <a class="button" href={urlOf(`images/${image.id}/original`)} download={row.name}>
            Original
          </a>
        )}
        <button type="button" onClick={remove}>
          Delete
        </button>
      </div>
    </>
  )
}
