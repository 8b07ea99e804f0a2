import { impossible, type Model, type Operation } from './checker.ts'

/** An operation on one key. No value is written twice. */
export type Input =
  | { kind: 'read' }
  | { kind: 'write'; value: string }
  | { kind: 'create'; value: string }
  /** Replaces the value `expected`, with a condition on its revision. */
  | { kind: 'replace'; expected: string; value: string }
  | { kind: 'delete' }

export type Output =
  | { kind: 'found'; value: string; revision: number }
  | { kind: 'absent' }
  | { kind: 'written'; revision: number }
  | { kind: 'deleted' }
  /** The revision of the current value, if there is a value. */
  | { kind: 'conflict'; revision?: number }

export type KeyOperation = Operation<Input, Output>

/** The value, or null; and the greatest known revision of the key so far. */
interface State {
  value: string | null
  revision: number
}

/** The specification of a key: a register with reads, writes, compare-and-set and deletes, and growing revisions. */
export function registerModel(operations: readonly KeyOperation[]): Model<State, Input, Output> {
  const revisions = revisionsOf(operations)
  const known = new Set(revisions.values())

  /** A value that no client has read may have any revision that belongs to no other value. */
  const isAt = ({ value }: State, revision: number | undefined) => {
    if (value === null || revision === undefined) return value === null && revision === undefined
    return revisions.has(value) ? revisions.get(value) === revision : !known.has(revision)
  }

  const write = (state: State, value: string, output: Output | undefined) => {
    const revision = revisions.get(value)
    const isAsAnswered = output === undefined || (output.kind === 'written' && output.revision === revision)
    if (!isAsAnswered || (revision !== undefined && revision <= state.revision)) return impossible
    return { value, revision: revision ?? state.revision }
  }

  return {
    initial: { value: null, revision: 0 },
    describe: ({ value, revision }) => `${revision} ${value}`,
    step(state, input, output) {
      switch (input.kind) {
        case 'read': {
          const isFound =
            output?.kind === 'found' && state.value === output.value && isAt(state, output.revision)
          return isFound || (output?.kind === 'absent' && state.value === null) ? state : impossible
        }
        case 'delete':
          if (output === undefined && state.value === null) return impossible
          return { value: null, revision: state.revision }
        case 'write':
          return write(state, input.value, output)
        case 'create':
        case 'replace': {
          const isMet = input.kind === 'create' ? state.value === null : state.value === input.expected
          if (output?.kind === 'conflict') return !isMet && isAt(state, output.revision) ? state : impossible
          return isMet ? write(state, input.value, output) : impossible
        }
      }
    },
  }
}

/** The revision of each value, by the first response that contains it. */
function revisionsOf(operations: readonly KeyOperation[]): Map<string, number> {
  const revisions = new Map<string, number>()
  for (const { input, answer } of operations) {
    const output = answer?.output
    const value = output?.kind === 'found' ? output.value : 'value' in input ? input.value : undefined
    const revision =
      output && 'revision' in output && output.kind !== 'conflict' ? output.revision : undefined
    if (value !== undefined && revision !== undefined && !revisions.has(value)) revisions.set(value, revision)
  }
  return revisions
}

/**
 * Omits the writes that have no response and that no other response can depend on. Each would double the search, and would
 * not change its result.
 */
export function withoutUnseen(operations: readonly KeyOperation[]): KeyOperation[] {
  const revisions = revisionsOf(operations)
  const known = new Set<number | undefined>([undefined, ...revisions.values()])
  const expected = new Set(operations.map(({ input }) => input.kind === 'replace' && input.expected))
  const outputs = operations.map(({ answer }) => answer?.output)
  if (!outputs.every(output => output?.kind !== 'conflict' || known.has(output.revision)))
    return [...operations]
  return operations.filter(
    ({ input, answer }) =>
      answer || !('value' in input) || revisions.has(input.value) || expected.has(input.value),
  )
}
