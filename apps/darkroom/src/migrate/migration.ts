import type { MigrationProgress } from './migration-progress.ts'

/** Copies all data from one store to another and compares them; returns a report in sentences. */
export type Migrate = (
  urls: { from: string; to: string },
  options: { signal: AbortSignal; progress: MigrationProgress },
) => Promise<string[]>
