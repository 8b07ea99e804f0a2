import { computed, useSignal } from '@preact/signals'
import { focusOn } from '../shell/pass-focus.ts'
import { singleClick } from '../shell/single-click.ts'
import { type Archive, archivesOf } from './archive.ts'
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
  const downloaded = useSignal<readonly string[]>([])
  const left = archives.filter(({ url }) => !downloaded.value.includes(url))
  const [next = archives[0]] = left
  const words = archives.length > 1 && next && `zip ${archives.indexOf(next) + 1} of ${archives.length}`
  const advance = ({ url }: Archive) => {
    // Deferred, because the browser follows the link after its click is handled.
    setTimeout(() => (downloaded.value = [...(left.length > 0 ? downloaded.value : []), url]))
  }
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
      {/* One button for all archives: dozens would move the list. */}
      {next && (
        <a
          class="button"
          href={next.url}
          download="darkroom.zip"
          onClick={() => advance(next)}
          aria-label={words ? `Download ${words}, ${next.count} images` : `Download ${next.count} as zip`}
        >
          Download {words || next.count} {!words && <span class="wide">as zip</span>}
        </a>
      )}
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
