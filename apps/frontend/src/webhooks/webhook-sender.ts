import type { NoticeClaim, NoticeReport, Task } from '@darkroom/contracts'
import type { Logger, ServiceClients } from '@darkroom/service-kit'
import type { ChangeFeed } from '../events/change-feed.ts'
import type { Delivery, Outcome } from './deliver.ts'
import { DeliverySlots, defaultSlots } from './delivery-slots.ts'

interface WebhookSenderOptions {
  taskDb: Pick<ServiceClients['taskDb'], 'claimNotices' | 'reportNotice'>
  feed: Pick<ChangeFeed, 'listen'>
  deliver: Delivery
  logger: Logger
  slots?: DeliverySlots
  pollMs?: number
}

interface Held {
  task: Task
  /** By `performance.now()`: after this time, another frontend may send the notice. */
  until: number
}

const leaseMs = 45_000
/** A notice is held for at most this time. A delivery that begins at its end still has the rest of the lease. */
const holdMs = 20_000
const claimLimit = 100
/** This many deliveries to new hosts begin before notices of other hosts are claimed again. */
const untriedLimit = 8
const pollMs = 1000
const closingMs = 3000

/**
 * Claims the notices that are due in the task DB, and has them delivered. Any number of senders share the work. A claimed
 * notice that is not reported, because its frontend was killed, is due again when its lease expires.
 *
 *     due ──claim──> a slot is free ──deliver──> report
 *                    no slot, and the host answers ──hold──> until there is a slot for the host
 *                    no slot otherwise ──return──> due again, as a slow notice if the host failed lately
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions
  readonly #slots: DeliverySlots
  readonly #closing = new AbortController()
  readonly #aborting = new AbortController()
  readonly #running: Promise<void>
  readonly #underWay = new Set<Promise<void>>()
  /** By host; the host whose held notice was started last is the last. */
  readonly #held = new Map<string, Held[]>()
  readonly #stopListening: () => void
  #wake = () => {}
  #isWoken = false
  /** When hosts that answer may have notices behind the notices of other hosts, by `performance.now()`. */
  #answeringAt = 0

  constructor(options: WebhookSenderOptions) {
    this.#options = options
    this.#slots = options.slots ?? new DeliverySlots(defaultSlots)
    this.#stopListening = options.feed.listen(change => {
      if (change.kind === 'deleted' || (change.kind === 'stored' && !change.isNoticeDue)) return
      const host = change.kind === 'stored' ? change.task?.callback?.host : undefined
      if (host === undefined || this.#slots.hasAnswered(host)) this.#answeringAt = 0
      this.wake()
    })
    this.#running = this.#run()
  }

  /** Looks for notices now. */
  wake(): void {
    this.#isWoken = true
    this.#wake()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.wake()
    this.#stopListening()
    await this.#running
    const late = setTimeout(() => this.#aborting.abort(), closingMs)
    for (const { task } of [...this.#held.values()].flat()) this.#return(task, false, 0)
    this.#held.clear()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    clearTimeout(late)
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      this.#isWoken = false
      const found = await this.#claim().catch(error => {
        this.#options.logger.debug({ err: error }, 'webhooks could not be claimed; retrying')
        return 0
      })
      if (found === 0 && !this.#isWoken) await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#options.pollMs ?? pollMs)
    this.#wake = resolve
    await promise
    clearTimeout(timer)
  }

  /**
   * Claims notices, and accepts the notices of each response at once, because a later claim may fail. Returns how many were
   * claimed. Notices of hosts without a result are claimed only if a slot is free for them, because claiming and returning
   * all others would take all the time. Notices of hosts that answer may be due behind them.
   */
  async #claim(): Promise<number> {
    const { signal } = this.#closing
    const claim = async (given: Pick<NoticeClaim, 'isSlow' | 'limit' | 'onlyHosts'>) => {
      if (given.limit <= 0 || given.onlyHosts?.length === 0) return 0
      const body = { ...given, leaseMs, exceptHosts: this.#crowdedHosts() }
      const { tasks } = (await this.#options.taskDb.claimNotices({ body, signal })).body
      const until = performance.now() + holdMs
      for (const task of tasks) this.#accept({ task, until })
      return tasks.length
    }
    const claimFresh = async () => {
      const limit = Math.max(0, Math.min(untriedLimit, this.#slots.freeOfUntried))
      const first = await claim({ isSlow: false, limit })
      if (first < limit || performance.now() < this.#answeringAt) return first
      this.#answeringAt = performance.now() + (this.#options.pollMs ?? pollMs)
      const onlyHosts = this.#slots.answeringHosts
      const answering = await claim({ isSlow: false, limit: claimLimit, onlyHosts })
      if (answering === claimLimit) this.#answeringAt = 0
      return first + answering
    }
    const [fresh, slow] = await Promise.all([
      claimFresh(),
      claim({ isSlow: true, limit: this.#slots.freeOfFailing }),
    ])
    return fresh + slow
  }

  #crowdedHosts(): string[] {
    return [...new Set([...this.#held.keys(), ...this.#slots.busyHosts])].slice(0, claimLimit)
  }

  #accept(notice: Held): void {
    const { task } = notice
    const { host, isSlow } = task.callback ?? withoutCallback(task)
    const slot = this.#slots.take(host)
    if (slot) {
      this.#start(task, host, slot)
      return
    }
    const state = this.#slots.stateOf(host)
    if (this.#slots.hasAnswered(host) || (state === 'untried' && this.#slots.isBusy(host))) {
      this.#held.set(host, [...(this.#held.get(host) ?? []), notice])
      return
    }
    // At a random time, so that the notices of a host are not all retried at once.
    this.#return(task, isSlow || state === 'failing', 1000 + 2000 * Math.random())
  }

  #start(task: Task, host: string, slot: Disposable): void {
    this.#track(
      (async () => {
        const outcome = await this.#deliver(task)
        if (outcome.isGood !== undefined) this.#slots.record(host, outcome.isGood, outcome.tookMs)
        slot[Symbol.dispose]()
        // Its further notices were not claimed while it was busy.
        if (this.#slots.hasAnswered(host)) this.#answeringAt = 0
        this.#startHeld()
        if (outcome.report) await this.#report(task, outcome.report)
        // A slot for slow notices may be free.
        this.wake()
      })(),
    )
  }

  async #deliver(task: Task): Promise<Outcome> {
    try {
      return await this.#options.deliver(task, this.#aborting.signal)
    } catch (error) {
      // Not a failure of the receiver: kv-config or the task DB does not answer, or this frontend closes.
      this.#options.logger.debug({ err: error, id: task.id }, 'a webhook could not be sent now')
      return { report: returned(task, task.callback?.isSlow ?? false, 1000) }
    }
  }

  /** Starts held notices while there are slots, taking the hosts in turn. */
  #startHeld(): void {
    let hasStarted = true
    while (hasStarted) {
      hasStarted = false
      for (const host of [...this.#held.keys()]) if (this.#startHeldOf(host)) hasStarted = true
    }
  }

  #startHeldOf(host: string): boolean {
    const held = this.#held.get(host) ?? []
    const now = performance.now()
    for (; held[0] && held[0].until <= now; held.shift()) this.#return(held[0].task, false, 0)
    const [first] = held
    const slot = first && this.#slots.take(host)
    if (slot) {
      held.shift()
      this.#start(first.task, host, slot)
    }
    if (slot || held.length === 0) this.#held.delete(host)
    if (slot && held.length > 0) this.#held.set(host, held) // now the last in turn
    return slot !== undefined
  }

  #return(task: Task, isSlow: boolean, retryMs: number): void {
    this.#track(this.#report(task, returned(task, isSlow, Math.round(retryMs))))
  }

  async #report({ id }: Task, report: NoticeReport): Promise<void> {
    try {
      await this.#options.taskDb.reportNotice({ params: { id }, body: report })
    } catch (error) {
      // When the lease expires, the notice is sent again.
      this.#options.logger.warn(
        { err: error, id },
        'the outcome of a webhook could not be stored; the webhook is sent again',
      )
    }
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }
}

function returned({ callback }: Task, isSlow: boolean, retryMs: number): NoticeReport {
  return { state: 'returned', token: callback?.token ?? 0, isSlow, retryMs }
}

function withoutCallback({ id }: Task): never {
  throw new Error(`a notice was claimed for the task ${id}, which has no callback`)
}
