import type { Stats } from '@darkroom/contracts'
import { effect } from '@preact/signals'
import { type ComponentChildren, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { Header } from '../header.tsx'
import { follow, reconnect } from '../live/live.ts'
import { readSession, session } from '../session/session.ts'
import { SignIn } from '../session/sign-in.tsx'
import '../shell/keep-focus.ts'
import { Later, takeTurns } from '../shell/later.tsx'
import { NoticeToast } from '../shell/notice-toast.tsx'
import { Failures } from './failures.tsx'
import { chartSpans, filters, isPaused, minutes, setFilters } from './filters.ts'
import { IntakeSwitch } from './intake-switch.tsx'
import { LatencyTable } from './latency-table.tsx'
import { LoadChart } from './load-chart.tsx'
import { Services } from './services.tsx'
import { forgetStats, keepReading, problem, readSoon, readStats, setPaused, stats } from './stats.ts'
import { ThroughputChart } from './throughput-chart.tsx'
import { countWords, diskWords, sinceWords } from './words.ts'
import { Workers } from './workers.tsx'

function Page() {
  return (
    <>
      <Header here="status" />
      <main class="status">
        <div class="status-head">
          <h1>Status</h1>
          <div class="inline">
            <select
              class="span"
              aria-label="Span of the charts"
              value={minutes.value}
              onChange={event => setFilters({ minutes: event.currentTarget.value })}
            >
              {chartSpans.map(span => (
                <option key={span} value={span}>
                  {span} minutes
                </option>
              ))}
            </select>
            <label class="check">
              <input
                type="checkbox"
                checked={filters.value.show === 'problems'}
                onChange={event => setFilters({ show: event.currentTarget.checked ? 'problems' : undefined })}
              />
              Only problems
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={isPaused.value}
                onChange={event => setPaused(event.currentTarget.checked)}
              />
              Freeze the figures
            </label>
          </div>
        </div>
        <Body />
      </main>
      <section class="bottom" aria-label="Messages">
        {stats.value && <Problem style="toast" />}
        <NoticeToast />
      </section>
      <SignIn />
    </>
  )
}

function Body() {
  if (session.value.state === 'signed-out')
    return <p class="panel">Sign in with the key of an operator to see how this Darkroom is doing.</p>
  if (stats.value) return <Figures {...stats.value} />
  return problem.value ? <Problem style="panel refusal" /> : <div class="panel tall" aria-busy="true" />
}

/** Why the figures can't be read. If there are earlier figures, the message is below them, so that they don't move. */
function Problem({ style }: { style: string }) {
  const refusal = problem.value
  if (!refusal) return null
  return (
    <p class={style} role="alert">
      {refusal.message}. {refusal.remedy}
    </p>
  )
}

function Figures({ images, queue, intake, lastHour, workers, services, disk }: Stats) {
  useEffect(() => void takeTurns(3), [])
  return (
    <>
      <IntakeSwitch intake={intake} />
      <dl class="tiles">
        <Tile
          words="Waiting"
          figure={images?.['not-started']}
          note={queue?.oldestAt && `oldest ${sinceWords(queue.oldestAt)}`}
        />
        <Tile words="Developing" figure={images?.['in-progress']} />
        <Tile
          words="Finished"
          figure={images?.finished}
          note={lastHour && `${countWords(lastHour.finished)} in the last hour`}
        />
        <Tile
          words="Failed"
          figure={images?.failed}
          note={lastHour && `${countWords(lastHour.failed)} in the last hour`}
        />
      </dl>
      <Later in={1}>
        <div class="pair">
          {lastHour && (
            <Panel id="throughput" title="Finished and failed per minute">
              <ThroughputChart {...lastHour} />
            </Panel>
          )}
          <Panel id="load" title="Waiting and developing">
            <LoadChart />
          </Panel>
        </div>
      </Later>
      <Later in={2}>
        {lastHour && (
          <Panel id="latency" title="How long it takes">
            <LatencyTable {...lastHour} />
          </Panel>
        )}
        <div class="pair">
          {workers && (
            <Panel id="workers" title="Workers">
              <Workers workers={workers} />
            </Panel>
          )}
          {lastHour && (
            <Panel id="failures" title="Failures">
              <Failures {...lastHour} inAll={images?.failed ?? 0} />
            </Panel>
          )}
        </div>
      </Later>
      <Later in={3}>
        {services && (
          <Panel id="services" title="Services and engines">
            <Services services={services} />
          </Panel>
        )}
        <div class="pair">
          {disk && (
            <Panel id="disk" title="Disk">
              <meter
                min="0"
                max={disk.totalBytes}
                value={disk.totalBytes - disk.freeBytes}
                aria-label="Share of the disk that is used"
              />
              <p class="hint">
                {diskWords(disk.freeBytes)} free of {diskWords(disk.totalBytes)}
              </p>
            </Panel>
          )}
          {queue && (
            <Panel id="queue" title="Queue">
              <meter
                min="0"
                max={queue.limit ?? queue.waiting}
                value={queue.waiting}
                aria-label="Share of the queue that is used"
              />
              <p class="hint">
                {countWords(queue.waiting)} waiting
                {queue.limit ? `; uploads are refused at ${countWords(queue.limit)}` : ''}.
              </p>
            </Panel>
          )}
        </div>
      </Later>
    </>
  )
}

function Panel({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

function Tile({
  words,
  figure,
  note,
}: {
  words: string
  figure: number | undefined
  note?: string | undefined
}) {
  return (
    <div class="panel tile">
      <dt>{words}</dt>
      <dd class="tile-figure" title={figure?.toString()}>
        {figure === undefined ? '–' : countWords(figure)}
      </dd>
      <dd class="hint">{figure === undefined ? 'task-db does not answer' : note || '\u00a0'}</dd>
    </div>
  )
}

void readSession()
const root = document.getElementById('app')
if (root) render(<Page />, root)
follow(readSoon)
keepReading()
let lastState = session.peek().state
effect(() => {
  const { state } = session.value
  const before = lastState
  lastState = state
  if (state === before || before === 'unknown') return
  reconnect()
  if (state === 'signed-out') forgetStats()
  else void readStats()
})
