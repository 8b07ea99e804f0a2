import { type Static, Type } from './typebox/typebox.js'

/** waiting: for the end of the image. due: to be sent, or being sent. failed: given up, or refused for good. */
export const callbackStates = ['waiting', 'due', 'delivered', 'failed'] as const
export type CallbackState = (typeof callbackStates)[number]
export const CallbackState = Type.Enum(callbackStates)

export const CallbackUrl = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'Where a notice is posted when the image has ended (Standard Webhooks 1.0)',
})

const Attempts = Type.Integer({
  minimum: 0,
  description: 'How often the receiver was asked since the notice was due',
})
const Answer = Type.String({
  maxLength: 40,
  description: 'The last answer: a status, or a word such as timeout',
})

/** What clients see of the notice of an image. */
export const CallbackStatus = Type.Object({
  url: Type.String(),
  state: CallbackState,
  attempts: Attempts,
  answer: Type.Optional(Answer),
})
export type CallbackStatus = Static<typeof CallbackStatus>

export const NewCallback = Type.Object(
  {
    url: CallbackUrl,
    keptSeconds: Type.Number({
      exclusiveMinimum: 0,
      description: 'How long the image is kept after its end',
    }),
  },
  { additionalProperties: false },
)
export type NewCallback = Static<typeof NewCallback>

/** The notice of a task: it becomes due with the end of the task, in the same transaction. */
export const TaskCallback = Type.Object({
  ...CallbackStatus.properties,
  keptSeconds: NewCallback.properties.keptSeconds,
  host: Type.String({ description: 'Of the URL, with its port' }),
  token: Type.Integer({ minimum: 0, description: 'Fencing token; grows with every change of the notice' }),
  dueAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'While the state is due: when it may be claimed. A claim moves it to the end of its lease',
    }),
  ),
  isSlow: Type.Boolean({ description: 'Not at the first attempt: few of these are sent at a time' }),
})
export type TaskCallback = Static<typeof TaskCallback>

export const NoticeClaim = Type.Object(
  {
    isSlow: TaskCallback.properties.isSlow,
    limit: Type.Integer({ minimum: 1, maximum: 200 }),
    leaseMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
    exceptHosts: Type.Optional(
      Type.Array(Type.String({ maxLength: 2000 }), { maxItems: 200, description: 'Hosts that are busy' }),
    ),
  },
  { additionalProperties: false },
)
export type NoticeClaim = Static<typeof NoticeClaim>

const token = TaskCallback.properties.token
const RetryMs = Type.Integer({ minimum: 0, maximum: 2_592_000_000, description: 'Until the next attempt' })

/** What came of a claimed notice. */
export const NoticeReport = Type.Union([
  Type.Object({ state: Type.Literal('delivered'), token, answer: Answer }, { additionalProperties: false }),
  Type.Object(
    { state: Type.Literal('failed'), token, answer: Answer },
    { additionalProperties: false, description: 'For good' },
  ),
  Type.Object(
    { state: Type.Literal('due'), token, answer: Answer, retryMs: RetryMs },
    { additionalProperties: false, description: 'The attempt failed; the next is slow' },
  ),
  Type.Object(
    { state: Type.Literal('returned'), token, isSlow: Type.Boolean(), retryMs: RetryMs },
    { additionalProperties: false, description: 'It was not sent; no attempt is counted' },
  ),
])
export type NoticeReport = Static<typeof NoticeReport>
