/** Records what a service counts. */
export class RecordedTally {
  readonly amounts: Record<string, number> = {}
  isClosed = false

  add(counter: string, amount = 1): void {
    this.amounts[counter] = (this.amounts[counter] ?? 0) + amount
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}
