import { type Client, type clusterStateRoutes, IntakeState, intakeRegister } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type Logger, repeat, ServiceProblem, unavailable } from '@darkroom/service-kit'

interface IntakeGateOptions {
  clusterState: Pick<Client<typeof clusterStateRoutes>, 'getRegister' | 'putRegister'>
  logger: Logger
  checkMs: number
}

const retryAfterSeconds = 10
/** How long a node may take to answer; the next read then uses another node. */
const responseTimeoutMs = 2000

/**
 * Whether uploads are accepted, according to the register in cluster-state. While no node answers, the last known state
 * stays; at first it is open.
 */
export class IntakeGate {
  readonly #clusterState: IntakeGateOptions['clusterState']
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #firstRead: Promise<void>
  readonly #checking: Promise<void>
  #state: IntakeState = 'open'
  #isKnown = true

  constructor({ clusterState, logger, checkMs }: IntakeGateOptions) {
    this.#clusterState = clusterState
    this.#logger = logger
    this.#firstRead = this.#readState()
    this.#checking = this.#firstRead.then(() =>
      repeat(checkMs, this.#closing.signal, () => this.#readState()),
    )
  }

  /** @throws ServiceProblem 503 while the intake is paused */
  async check(): Promise<void> {
    await this.#firstRead // a frontend that starts during a pause must not accept uploads either
    if (this.#state === 'open') return
    throw unavailable('intake-paused', 'uploads are paused at the moment; try again later', retryAfterSeconds)
  }

  /** The last known state. */
  get state(): IntakeState {
    return this.#state
  }

  /** Sets the state for all frontends: here at once, in the others at their next check. @throws ServiceProblem 409 */
  async set(state: IntakeState): Promise<void> {
    const reply = await this.#clusterState.putRegister({ params: { name: intakeRegister }, body: state })
    if (reply.status !== 200)
      throw new ServiceProblem(409, 'intake-not-set', reply.body.detail ?? reply.body.title)
    this.#state = state
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#checking
  }

  async #readState(): Promise<void> {
    try {
      const state = await this.#read()
      if (state !== this.#state) this.#logger.info({ state }, 'the state of the intake has changed')
      this.#state = state
      this.#isKnown = true
    } catch (error) {
      if (this.#closing.signal.aborted) return
      const message = 'the state of the intake could not be read'
      if (this.#isKnown)
        this.#logger.warn({ err: error, state: this.#state }, `${message}; it stays as it was`)
      this.#isKnown = false
    }
  }

  async #read(): Promise<IntakeState> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(responseTimeoutMs)])
    const reply = await this.#clusterState.getRegister({ params: { name: intakeRegister }, signal })
    if (reply.status === 404) return 'open'
    const { value } = reply.body
    if (!Value.Check(IntakeState, value))
      throw new Error(`the state of the intake is not valid: ${JSON.stringify(value)}`)
    return value
  }
}
