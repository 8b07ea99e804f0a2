import type { TaskState } from '@darkroom/contracts'
import { Refusal } from '../api/refusal.ts'
import { session, sessionProblem } from '../session/session.ts'
import { Chosen } from './chosen.tsx'
import { filter, show } from './filter.ts'
import { historyState, nextCursor } from './history.ts'
import { ImageList } from './image-list.tsx'
import { PresetFilter } from './preset-filter.tsx'
import { SinceChoice } from './since-choice.tsx'
import { counts, shownRows } from './store.ts'

const tabs: readonly (readonly [TaskState | undefined, string])[] = [
  [undefined, 'All'],
  ['not-started', 'Waiting'],
  ['in-progress', 'Developing'],
  ['finished', 'Finished'],
  ['failed', 'Failed'],
]

/** The list of images with its filters, pages and empty states. */
export function ImagesPanel() {
  return (
    <section class="panel images" aria-labelledby="images-title">
      <div class="images-head">
        <h2 id="images-title">Images</h2>
        <p class="summary">{summary()}</p>
      </div>
      <div class="filters">
        <nav class="tabs" aria-label="Images by state">
          {tabs.map(([state, words]) => (
            <FilterLink
              key={words}
              to={{ state, since: filter.value.since, preset: filter.value.preset }}
              isHere={filter.value.state === state}
            >
              {words}
            </FilterLink>
          ))}
        </nav>
        <span class="inline">
          <PresetFilter />
          <SinceChoice />
        </span>
      </div>
      <Chosen />
      {shownRows.value.length > 0 && !urlHasMistake() ? <ImageList /> : <Empty />}
      <Pages />
    </section>
  )
}

function summary(): string {
  const { uploading = 0, waiting = 0, finished = 0, failed = 0, refused = 0 } = counts.value
  const developing = (counts.value['not-started'] ?? 0) + (counts.value['in-progress'] ?? 0)
  const parts = [
    uploading + waiting > 0 && `${uploading + waiting} to upload`,
    developing > 0 && `${developing} developing`,
    finished > 0 && `${finished} finished`,
    failed + refused > 0 && `${failed + refused} failed`,
  ]
  return parts.filter(part => part !== false).join(' · ')
}

interface FilterLinkProps {
  to: Parameters<typeof show>[0]
  isHere?: boolean
  children: string
}

/** A link to another part of the history; it can be opened in another tab as well. */
function FilterLink({ to, isHere = false, children }: FilterLinkProps) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(to)) if (value) query.set(name, value)
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    show(to)
    // Another page of the history begins at its head.
    if (to.cursor !== undefined) document.getElementById('images-title')?.scrollIntoView()
  }
  return (
    <a
      href={`./${query.size > 0 ? `?${query}` : ''}`}
      aria-current={isHere ? 'true' : undefined}
      onClick={go}
    >
      {children}
    </a>
  )
}

function Pages() {
  const { cursor, ...rest } = filter.value
  if (session.value.state === 'signed-out') return null
  if (cursor === undefined && nextCursor.value === undefined) return null
  return (
    <nav class="pages" aria-label="Pages of the history">
      {cursor !== undefined && <FilterLink to={rest}>Newest</FilterLink>}
      {nextCursor.value !== undefined && (
        <FilterLink to={{ ...rest, cursor: nextCursor.value }}>Older</FilterLink>
      )}
    </nav>
  )
}

function Empty() {
  const state =
    session.value.state === 'unknown' && sessionProblem.value ? sessionProblem.value : historyState.value
  if (state instanceof Refusal)
    return (
      <div class="empty" role="status">
        <p class="empty-title">
          {state.status === 400 ? 'The address of this page has a mistake' : state.message}
        </p>
        <p>{state.status === 400 ? mistakeInUrl(state) : state.remedy}</p>
        {state.status === 400 && (
          <p>
            <FilterLink to={{}}>Show all images</FilterLink>
          </p>
        )}
      </div>
    )
  if (session.value.state === 'signed-out')
    return (
      <div class="empty">
        <p class="empty-title">It is dark in here</p>
        <p>Sign in with an API key to see your images.</p>
      </div>
    )
  if (state === 'loading') return <div class="empty" aria-busy="true" />
  if (Object.values(filter.value).some(value => value !== undefined))
    return (
      <div class="empty">
        <p class="empty-title">{filter.value.state === 'failed' ? 'Nothing failed' : 'Nothing here'}</p>
        <p>
          <FilterLink to={{}}>Show all images</FilterLink>
        </p>
      </div>
    )
  if (nextCursor.value !== undefined)
    return (
      <div class="empty">
        <p class="empty-title">Nothing is left here</p>
        <p>Older images are on the next page.</p>
      </div>
    )
  return (
    <div class="empty">
      <Line />
      <p class="empty-title">The line is still empty</p>
      <p>Your developed images will appear here.</p>
    </div>
  )
}

/** Then no image belongs to the list, although events may have brought some. */
function urlHasMistake(): boolean {
  const { value } = historyState
  return value instanceof Refusal && value.status === 400
}

/** Instead of the error of the server, which is written for programs. */
function mistakeInUrl({ code, message }: Refusal): string {
  const { state, since, cursor } = filter.value
  if (tabs.every(([known]) => known !== state)) return `“${state}” is not a state of images.`
  if (since !== undefined && Number.isNaN(Date.parse(since)))
    return `“${since}” is not a date, such as 2026-01-31.`
  return code === 'invalid-cursor' ? `“${cursor}” is not a page of this list.` : message
}

/** A clothes-line with three blank prints. */
function Line() {
  return (
    <svg class="drying-line" viewBox="0 0 220 70" width="220" height="70" aria-hidden="true">
      <path d="M0 8q110 22 220 0" />
      <rect x="38" y="15" width="34" height="42" rx="2" />
      <rect x="94" y="19" width="34" height="42" rx="2" />
      <rect x="150" y="15" width="34" height="42" rx="2" />
    </svg>
  )
}
