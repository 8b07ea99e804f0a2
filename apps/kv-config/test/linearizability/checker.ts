/** One request of a client and its response. All times are of one clock. */
export interface Operation<Input, Output> {
  input: Input
  calledAt: number
  /** Absent if the outcome is unknown: the operation may still take effect at any time. */
  answer?: { output: Output; at: number }
}

/** The specification of an object that executes one operation after the other. */
export interface Model<State, Input, Output> {
  initial: State
  /**
   * Returns the state after an operation with this output, or `impossible`. Without an output, the operation took effect
   * but its response was lost; if it changes nothing then, the result may be `impossible` as well.
   */
  step(state: State, input: Input, output: Output | undefined): State | typeof impossible
  /** Equal texts for equal states. */
  describe(state: State): string
}

export const impossible = Symbol('impossible')

/** The call or the return of an operation, in a linked list ordered by time. */
interface Entry<Input, Output> {
  operation: Operation<Input, Output>
  /** The bit of the operation in the set of operations that have taken effect. */
  id: number
  /** For a call: the entry of its return. Absent for a return, and for a call without a response. */
  returns?: Entry<Input, Output> | undefined
  isCall: boolean
  previous?: Entry<Input, Output> | undefined
  next?: Entry<Input, Output> | undefined
}

/**
 * Checks linearizability (Herlihy and Wing, 1990): whether there is an order in which each operation takes effect at
 * some moment between its call and its return. The operations are those of one key: a history is linearizable if the
 * history of each key is.
 *
 * The search is the algorithm of Wing and Gong: it tries each operation that could be next, and backtracks. As Lowe
 * proposed, it remembers the pairs of applied operations and state that it has tried (Horn and Kroening, "Faster
 * linearizability checking via P-compositionality", arXiv 1504.00204).
 */
export function isLinearizable<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const head = listByTime(operations)
  const tried = new Set<string>()
  const chosen: { call: Entry<Input, Output>; stateBefore: State; doneBefore: bigint }[] = []
  let answersLeft = operations.filter(({ answer }) => answer !== undefined).length
  let state = model.initial
  let done = 0n
  let entry = head.next
  // Calls without a response may never take effect.
  while (answersLeft > 0) {
    if (entry?.isCall) {
      const { input, answer } = entry.operation
      const stateAfter = model.step(state, input, answer?.output)
      const doneAfter = done | (1n << BigInt(entry.id))
      if (stateAfter !== impossible && isNew(tried, doneAfter, model.describe(stateAfter))) {
        chosen.push({ call: entry, stateBefore: state, doneBefore: done })
        state = stateAfter
        done = doneAfter
        if (entry.returns) answersLeft -= 1
        remove(entry)
        entry = head.next
      } else {
        entry = entry.next
      }
    } else {
      // An operation returns here before it has taken effect, so the last choice was wrong: backtrack.
      const last = chosen.pop()
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

/** Returns a head before the first entry. Calls come before returns at the same time. */
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

function remove<Input, Output>(call: Entry<Input, Output>): void {
  for (const entry of [call, call.returns]) {
    if (entry?.previous) entry.previous.next = entry.next
    if (entry?.next) entry.next.previous = entry.previous
  }
}

/** Undoes the last `remove`, in the opposite order. */
function putBack<Input, Output>(call: Entry<Input, Output>): void {
  for (const entry of [call.returns, call]) {
    if (entry?.previous) entry.previous.next = entry
    if (entry?.next) entry.next.previous = entry
  }
}
