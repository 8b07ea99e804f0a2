import { computed } from '@preact/signals'
import { focusOn } from '../shell/pass-focus.ts'
import { singleClick } from '../shell/single-click.ts'
import { archivesOf } from './archive.ts'
import { deleteRows } from './delete.ts'
import type { Row } from './row.ts'
import { shownRows } from './store.ts'

const chosenRows = computed(() => shownRows.value.filter(row => row.isChosen.value))

/** The actions for several images at once. */
export function Chosen() {
  const rows = chosenRows.value
  const all = shownRows.value
  const finished = rows.filter(row => row.view.value.state === 'finished')
  const archives = archivesOf(finished)
  return (
    <div class="chosen">
      <label class="check">
        <input
          type="checkbox"
          disabled={all.length === 0}
          checked={rows.length > 0 && rows.length === all.length}
          onChange={event => choose(all, event.currentTarget.checked)}
        />
        {rows.length > 0 ? `${rows.length} chosen` : 'Choose all'}
      </label>
      {archives.map(({ url, count }, at) => (
        <a
          key={url}
          class="button"
          href={url}
          download="darkroom.zip"
          aria-label={
            archives.length > 1
              ? `Download zip ${at + 1} of ${archives.length}, ${count} images`
              : `Download ${count} as zip`
          }
        >
          {archives.length > 1 ? (
            `Zip ${at + 1} of ${archives.length}`
          ) : (
            <>
              Download {count} <span class="wide">as zip</span>
            </>
          )}
        </a>
      ))}
      {rows.length > 0 && (
        <button
          type="button"
          onClick={singleClick(() => {
            focusOn('.chosen input')
            deleteChosen(rows)
          })}
        >
          Delete {rows.length}
        </button>
      )}
    </div>
  )
}

function choose(rows: readonly Row[], isChosen: boolean): void {
  for (const row of rows) row.isChosen.value = isChosen
}

function deleteChosen(rows: readonly Row[]): void {
  choose(rows, false)
  deleteRows(rows)
}
