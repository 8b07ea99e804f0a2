import type { ImageStatus } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { deleteRows } from '../images/delete.ts'
import { download } from '../images/download.ts'
import { openedRow } from '../images/opened-row.ts'
import { downloadOfOriginal, downloadOfOutput, outputsOf } from '../images/outputs.ts'
import { retryImage } from '../images/retry.ts'
import { imageOf, type Row } from '../images/row.ts'
import { bytesWords, facts, shortened, stateWords, typeWords } from '../images/row-words.ts'
import { useCloseBeside } from '../shell/close-beside.ts'
import { Icon } from '../shell/icon.tsx'
import { NoticeToast } from '../shell/notice-toast.tsx'
import { useModal } from '../shell/use-modal.ts'
import { sendAgain } from '../upload/queue.ts'
import { Comparison } from './comparison.tsx'

/** In characters. A longer name stands in full below the pictures. */
const maxTitleLength = 80

/** One image in full: both sides, its facts, and why it failed. */
export function DetailsDialog() {
  const row = openedRow.value
  return (
    <dialog
      class="details"
      aria-labelledby="details-title"
      {...useModal(row !== undefined, close)}
      {...useCloseBeside(close)}
    >
      {row && <Details key={row.key} row={row} />}
      {row && <NoticeToast /> /* the toast of the page is behind the dialog, out of reach */}
    </dialog>
  )
}

function close(): void {
  openedRow.value = undefined
}

function Details({ row }: { row: Row }) {
  const view = row.view.value
  const image = imageOf(row)
  const title = shortened(row.name, maxTitleLength)
  const remove = () => {
    close()
    deleteRows([row])
  }
  return (
    <>
      <header class="details-head">
        <h2 id="details-title" dir="auto" translate={false}>
          {title}
        </h2>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          <Icon name="cross" />
        </button>
      </header>
      {view.state === 'finished' && <Outputs row={row} image={view.image} />}
      <div class="details-state">
        {/* It gets the focus when the button beside it disappears. */}
        <p class={view.state === 'failed' || view.state === 'refused' ? 'refusal' : ''} tabIndex={-1}>
          {stateWords(view)}
        </p>
        {view.state === 'failed' && (
          <button type="button" onClick={() => void retryImage(row)}>
            Develop again
          </button>
        )}
        {view.state === 'refused' && (
          <button type="button" onClick={() => sendAgain(row)}>
            Upload again
          </button>
        )}
      </div>
      <dl class="facts">
        {title !== row.name && (
          <>
            <dt>Name</dt>
            <dd dir="auto" translate={false}>
              {row.name}
            </dd>
          </>
        )}
        <dt>Original</dt>
        <dd>{facts(row)}</dd>
        {image && (
          <>
            {image.preset !== undefined && (
              <>
                <dt>Preset</dt>
                <dd>{image.preset}</dd>
              </>
            )}
            <dt>Id</dt>
            <dd class="id">{image.id}</dd>
          </>
        )}
      </dl>
      <div class="inline">
        {image && (
          <a
            class="button"
            href={downloadOfOriginal(row, image).url}
            onClick={event => void download(event, downloadOfOriginal(row, image))}
          >
            Download the original
          </a>
        )}
        <button type="button" onClick={remove}>
          Delete
        </button>
      </div>
    </>
  )
}

/** The developed images: one of them beside the original, and a download of each. */
function Outputs({ row, image }: { row: Row; image: ImageStatus }) {
  const outputs = outputsOf(image)
  const at = useSignal(0)
  const chosen = outputs[at.value]
  return (
    <>
      {chosen && <Comparison key={chosen.path} row={row} image={image} output={chosen} />}
      <ul role="list" class="outputs" aria-label="Developed images">
        {outputs.map((output, index) => {
          const { name = 'Result', facts, operations } = output
          const file = downloadOfOutput(row, output)
          return (
            <li key={output.path}>
              {outputs.length > 1 ? (
                <label class="check output-name">
                  <input
                    type="radio"
                    name="output"
                    checked={index === at.value}
                    onChange={() => (at.value = index)}
                    aria-label={`Compare with ${name}`}
                  />
                  {name}
                </label>
              ) : (
                <span class="output-name">{name}</span>
              )}
              <span class="hint">
                {typeWords(facts.contentType)} · {facts.width} × {facts.height} · {bytesWords(facts.bytes)} ·{' '}
                {operations.map(each => each.name).join(', ')}
              </span>
              <a
                class={index === 0 ? 'button primary' : 'button'}
                href={file.url}
                onClick={event => void download(event, file)}
                aria-label={`Download ${file.name}`}
              >
                Download
              </a>
            </li>
          )
        })}
      </ul>
    </>
  )
}
