import type { OperationKind } from './operation-kind.ts'

export const metadata: OperationKind<'metadata'> = {
  changes: 'output',
  choose: (output, { mode }) => ({ ...output, metadata: mode }),
}
