import { useEffect } from 'preact/hooks'
import { isLive } from '../live/live.ts'
import { Icon } from '../shell/icon.tsx'
import { passFocus } from '../shell/pass-focus.ts'
import { singleClick } from '../shell/single-click.ts'
import { sendAgain } from '../upload/queue.ts'
import { deleteRows } from './delete.ts'
import { download } from './download.ts'
import { filter } from './filter.ts'
import { openDetails } from './opened-row.ts'
import { downloadOf } from './outputs.ts'
import { retryImage } from './retry.ts'
import type { Row, RowView } from './row.ts'
import { facts, stateWords } from './row-words.ts'
import { draw, requestThumbnail, thumbnailOf, withdrawThumbnail } from './thumbnail.ts'

interface ImageRowProps {
  row: Row
  /** The distance from the head of the list, in rem. */
  top: number
  at: number
  count: number
}

export function ImageRow({ row, top, at, count }: ImageRowProps) {
  const view = row.view.value
  return (
    <li
      class={`row is-${view.state}`}
      style={{ transform: `translateY(${top}rem)` }}
      aria-setsize={count}
      aria-posinset={at}
    >
      <label class="row-choice">
        <input
          type="checkbox"
          aria-label={`Choose ${row.name}`}
          checked={row.isChosen.value}
          onChange={event => (row.isChosen.value = event.currentTarget.checked)}
        />
      </label>
      <Thumbnail row={row} />
      <div class="row-words">
        <button type="button" class="row-name" onClick={() => openDetails(row)}>
          <span dir="auto" translate={false}>
            {row.name}
          </span>
        </button>
        <p class="row-facts">{facts(row)}</p>
      </div>
      <State row={row} view={view} />
      <Actions row={row} view={view} />
    </li>
  )
}

function Thumbnail({ row }: { row: Row }) {
  const { state } = row.view.value
  useEffect(() => {
    requestThumbnail(row)
    return () => withdrawThumbnail(row)
  }, [row, state, isLive.value]) // what did not arrive is requested again
  const picture = thumbnailOf(row)
  return (
    <span class="thumbnail" aria-hidden="true">
      {picture ? <canvas ref={canvas => void (canvas && draw(picture, canvas))} /> : <Icon name="image" />}
    </span>
  )
}

function State({ row, view }: { row: Row; view: RowView }) {
  return (
    <div class="row-state">
      {view.state === 'uploading' && (
        <progress max="1" value={view.share} aria-label={`Upload of ${row.name}`}>
          {Math.round(view.share * 100)} %
        </progress>
      )}
      <p title={stateWords(view)}>{stateWords(view)}</p>
    </div>
  )
}

function Actions({ row, view }: { row: Row; view: RowView }) {
  return (
    <div class="row-actions">
      {view.state === 'finished' && (
        <>
          <button
            type="button"
            class="icon wide"
            aria-label={`Compare ${row.name}`}
            onClick={() => openDetails(row)}
          >
            <Icon name="compare" />
          </button>
          <a
            class="icon button"
            href={downloadOf(row, view.image).url}
            onClick={event => void download(event, downloadOf(row, view.image))}
            aria-label={`Download ${row.name}`}
          >
            <Icon name="download" />
          </a>
        </>
      )}
      {view.state === 'failed' && (
        <button
          type="button"
          class="icon"
          aria-label={`Develop ${row.name} again`}
          onClick={event => {
            if (filter.peek().state !== undefined) passFocus(event, '.chosen input') // the row disappears
            void retryImage(row)
          }}
        >
          <Icon name="again" />
        </button>
      )}
      {view.state === 'refused' && (
        <button
          type="button"
          class="icon"
          aria-label={`Upload ${row.name} again`}
          onClick={() => sendAgain(row)}
        >
          <Icon name="again" />
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label={`Delete ${row.name}`}
        onClick={singleClick(event => {
          passFocus(event, '#pick-files')
          deleteRows([row])
        })}
      >
        <Icon name="bin" />
      </button>
    </div>
  )
}
