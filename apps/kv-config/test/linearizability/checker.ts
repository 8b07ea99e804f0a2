/** What one client asked and was told. Times are of one clock. */
export interface Operation<Input, Output> {
  input: Input
  calledAt: number
  /** Nothing was told of the outcome, and it may still happen at any time: left out. */
  answer?: { output: Output; at: number }
}

/** What a thing does that does one operation after the other. */
export interface Model<State, Input, Output> {
  initial: State
  /**
   * The state behind an operation with this output, or `impossible`. Without an output, the operation has
   * taken effect and nobody knows; where that makes no difference it may be called impossible.
   */
  step(state: State, input: Input, output: Output | undefined): State | typeof impossible
  /** Equal texts for equal states. */
  describe(state: State): string
}

export const impossible = Symbol('impossible')

/** One end of an operation, in a list by time. */
interface Entry<Input, Output> {
  operation: Operation<Input, Output>
  /** Its place in the set of those that have taken effect. */
  id: number
  /** Of a call: where it returns. An entry without one is a return, or a call without an answer. */
  returns?: Entry<Input, Output> | undefined
  isCall: boolean
  previous?: Entry<Input, Output> | undefined
  next?: Entry<Input, Output> | undefined
}

/**
 * Whether the operations can have taken effect one after the other, each at a moment between its call and its
 * answer (linearizability: Herlihy and Wing, 1990). One key's operations at a time: a history is linearizable
 * if that of each key is.
 *
 * It is the search of Wing and Gong, which tries any operation that could be next and takes it back where that
 * leads nowhere, with Lowe's memory of what was tried: which operations had taken effect, and the state then
 * (Horn and Kroening, "Faster linearizability checking via P-compositionality", arXiv 1504.00204).
 */
export function isLinearizable<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const head = listByTime(operations)
  const tried = new Set<string>()
  const taken: { call: Entry<Input, Output>; stateBefore: State; doneBefore: bigint }[] = []
  let answersLeft = operations.filter(({ answer }) => answer !== undefined).length
  let state = model.initial
  let done = 0n
  let entry = head.next
  // Calls without an answer need never have taken effect.
  while (answersLeft > 0) {
    if (entry?.isCall) {
      const { input, answer } = entry.operation
      const stateAfter = model.step(state, input, answer?.output)
      const doneAfter = done | (1n << BigInt(entry.id))
      if (stateAfter !== impossible && isNew(tried, doneAfter, model.describe(stateAfter))) {
        taken.push({ call: entry, stateBefore: state, doneBefore: done })
        state = stateAfter
        done = doneAfter
        if (entry.returns) answersLeft -= 1
        takeOut(entry)
        entry = head.next
      } else {
        entry = entry.next
      }
    } else {
      // Here something returns that has not taken effect: the last that was taken must have been wrong.
      const last = taken.pop()
      if (!last) return false
      state = last.stateBefore
      done = last.doneBefore
      if (last.call.returns) answersLeft += 1
      putBack(last.call)
      entry = last.call.next
    }
  }
  return true
}

function isNew(tried: Set<string>, done: bigint, state: string): boolean {
  const key = `${done.toString(36)} ${state}`
  if (tried.has(key)) return false
  tried.add(key)
  return true
}

/** Answers a head before the first entry. Of what happens at the same moment, calls come first. */
function listByTime<Input, Output>(operations: readonly Operation<Input, Output>[]): Entry<Input, Output> {
  const timed = operations.flatMap((operation, id) => {
    const { calledAt, answer } = operation
    const returns: Entry<Input, Output> | undefined = answer && { operation, id, isCall: false }
    const call = { at: calledAt, entry: { operation, id, isCall: true, returns } as Entry<Input, Output> }
    return returns ? [call, { at: answer?.at ?? 0, entry: returns }] : [call]
  })
  timed.sort((a, b) => a.at - b.at || Number(b.entry.isCall) - Number(a.entry.isCall))
  const head = { isCall: false, id: -1 } as Entry<Input, Output>
  let last = head
  for (const { entry } of timed) {
    last.next = entry
    entry.previous = last
    last = entry
  }
  return head
}

function takeOut<Input, Output>(call: Entry<Input, Output>): void {
  for (const entry of [call, call.returns]) {
    if (entry?.previous) entry.previous.next = entry.next
    if (entry?.next) entry.next.previous = entry.previous
  }
}

/** Undoes the last `takeOut`: in its opposite order. */
function putBack<Input, Output>(call: Entry<Input, Output>): void {
  for (const entry of [call.returns, call]) {
    if (entry?.previous) entry.previous.next = entry
    if (entry?.next) entry.next.previous = entry
  }
}
