import { impossible, type Model, type Operation } from './checker.ts'

/** What is asked about one key. No value is written twice. */
export type Input =
  | { kind: 'read' }
  | { kind: 'write'; value: string }
  | { kind: 'create'; value: string }
  /** Only where `expected` stands: asked for by its revision. */
  | { kind: 'replace'; expected: string; value: string }
  | { kind: 'delete' }

export type Output =
  | { kind: 'found'; value: string; revision: number }
  | { kind: 'absent' }
  | { kind: 'written'; revision: number }
  | { kind: 'deleted' }
  /** The revision of what stands there instead, if anything does. */
  | { kind: 'conflict'; revision?: number }

export type KeyOperation = Operation<Input, Output>

/** A value, or null where there is none; and the greatest revision that is known of what was there. */
interface State {
  value: string | null
  revision: number
}

/** A key as it is to behave: a register with reads, writes, compare-and-set and deletes, and growing revisions. */
export function registerModel(operations: readonly KeyOperation[]): Model<State, Input, Output> {
  const revisions = revisionsOf(operations)
  const known = new Set(revisions.values())

  /** A value that nobody has read may have any revision that isn't another's. */
  const isAt = ({ value }: State, revision: number | undefined) => {
    if (value === null || revision === undefined) return value === null && revision === undefined
    return revisions.has(value) ? revisions.get(value) === revision : !known.has(revision)
  }

  const write = (state: State, value: string, output: Output | undefined) => {
    const revision = revisions.get(value)
    const isAsTold = output === undefined || (output.kind === 'written' && output.revision === revision)
    if (!isAsTold || (revision !== undefined && revision <= state.revision)) return impossible
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

/** Which revision each value has, as far as anybody was told; the first that is told counts. */
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
 * Without the writes that were neither answered nor ever seen, if there is no answer that can come of them: each
 * would double what is to be searched, and what can be explained with them can be explained without.
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
