import { type Client, type clusterStateRoutes, IntakeState, intakeRegister } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type Logger, repeat, retryLater } from '@darkroom/service-kit'

interface IntakeGateOptions {
  clusterState: Pick<Client<typeof clusterStateRoutes>, 'getRegister'>
  logger: Logger
  checkMs: number
}

const retryAfterSeconds = 10
/** A node that stands still is left for the next look, at another one. */
const answerMs = 2000

/**
 * Whether uploads are taken, as the register in cluster-state says. While no node answers, what was known
 * stands; at first that is open.
 */
export class IntakeGate {
  readonly #clusterState: IntakeGateOptions['clusterState']
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #firstLook: Promise<void>
  readonly #checking: Promise<void>
  #state: IntakeState = 'open'
  #isKnown = true

  constructor({ clusterState, logger, checkMs }: IntakeGateOptions) {
    this.#clusterState = clusterState
    this.#logger = logger
    this.#firstLook = this.#look()
    this.#checking = this.#firstLook.then(() => repeat(checkMs, this.#closing.signal, () => this.#look()))
  }

  /** @throws ServiceProblem 503 while the intake is paused */
  async check(): Promise<void> {
    await this.#firstLook // a frontend that starts during a pause takes nothing either
    if (this.#state === 'open') return
    throw retryLater(503, 'intake-paused', 'no images are taken in at the moment', retryAfterSeconds)
  }

  /** As far as is known. */
  get state(): IntakeState {
    return this.#state
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#checking
  }

  async #look(): Promise<void> {
    try {
      const state = await this.#read()
      if (state !== this.#state) this.#logger.info({ state }, 'the intake of images')
      this.#state = state
      this.#isKnown = true
    } catch (error) {
      if (this.#closing.signal.aborted) return
      const words = 'whether images are to be taken in is not known'
      if (this.#isKnown)
        this.#logger.warn({ err: error, state: this.#state }, `${words}; as it was, it stays`)
      this.#isKnown = false
    }
  }

  async #read(): Promise<IntakeState> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(answerMs)])
    const reply = await this.#clusterState.getRegister({ params: { name: intakeRegister }, signal })
    if (reply.status === 404) return 'open'
    const { value } = reply.body
    if (!Value.Check(IntakeState, value)) throw new Error(`the intake can't be ${JSON.stringify(value)}`)
    return value
  }
}
