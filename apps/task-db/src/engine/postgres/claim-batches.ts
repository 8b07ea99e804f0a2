import type { Task } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import type { ClaimEvent } from '../../transitions.ts'
import type { Batches } from './batches.ts'
import type { Changes } from './changes.ts'
import { claimGivenTasks, claimTasks, nextWaiting } from './claims.ts'
import { CommitUnknown, type Database } from './database.ts'
import type { UnconfirmedClaims } from './unconfirmed-claims.ts'

interface Claim {
  worker: string
  leaseMs: number
}

interface ClaimDependencies {
  database: Database
  changes: Changes
  unconfirmed: UnconfirmedClaims
}

/** The claims of workers that lack the same abilities: they skip the tasks that need one of these. */
export class ClaimBatches {
  readonly #database: Database
  readonly #changes: Changes
  readonly #unconfirmed: UnconfirmedClaims
  readonly #except: readonly string[]
  /** Checks whether any task waits. Simultaneous callers share one query. */
  readonly #checks: Batches<{ waitsForLocks: boolean }, boolean>
  readonly #claims: Batches<Claim, Task | undefined>
  readonly #givenClaims: Batches<{ id: string; event: ClaimEvent }, Outcome | undefined>

  constructor({ database, changes, unconfirmed }: ClaimDependencies, except: readonly string[]) {
    this.#database = database
    this.#changes = changes
    this.#unconfirmed = unconfirmed
    this.#except = except
    this.#checks = changes.inBatches((checks, deadline) => this.#check(checks, deadline))
    this.#claims = changes.inBatches((claims, deadline) => this.#claim(claims, deadline))
    this.#givenClaims = changes.inBatches((claims, deadline) =>
      changes.make(claimGivenTasks(claims, except), deadline),
    )
  }

  /**
   * Skips tasks that another transaction has locked. That transaction may leave its task unchanged, and then announces
   * nothing, so the claim waits for locked tasks before it reports that there is no task.
   */
  async claim(claim: Claim): Promise<Task | undefined> {
    for (let waitsForLocks = false; await this.#checks.add({ waitsForLocks }); waitsForLocks = true) {
      const task = await this.#claims.add(claim)
      if (task) return task
    }
    return undefined
  }

  claimGiven(id: string, event: ClaimEvent): Promise<Outcome | undefined> {
    return this.#givenClaims.add({ id, event })
  }

  /** Resolves when all claims have their result. */
  async ended(): Promise<void> {
    await Promise.all([this.#checks, this.#claims, this.#givenClaims].map(each => each.ended()))
  }

  async #check(checks: { waitsForLocks: boolean }[], deadline: number): Promise<boolean[]> {
    const [next] = await this.#database.readLatest<{ id: string }>(nextWaiting(this.#except), deadline)
    // A statement that searches and locks would keep its locks on tasks that it waited for in vain, which could cause a
    // deadlock.
    if (next && checks.some(({ waitsForLocks }) => waitsForLocks)) {
      const lock = { text: 'SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE', values: [next.id] }
      await this.#database.readLatest(lock, deadline)
    }
    return checks.map(() => next !== undefined)
  }

  async #claim(claims: Claim[], deadline: number): Promise<(Task | undefined)[]> {
    try {
      return await this.#changes.make(claimTasks(claims, this.#except), deadline)
    } catch (error) {
      if (error instanceof CommitUnknown) {
        const { results } = error.result as { results: (Task | undefined)[] }
        this.#unconfirmed.return(results.filter(task => task !== undefined))
      }
      throw error
    }
  }
}
