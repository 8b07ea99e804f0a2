/**
 * Calls a function for all items, at most `limit` at a time; resolves with the results in the order of the items. After an
 * error no further call begins; it rejects with the error once the running calls have ended.
 */
export async function mapConcurrently<Item, Result>(
  limit: number,
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const errors: unknown[] = []
  const left = items.entries()
  const callInTurn = async () => {
    for (const [index, item] of left) {
      results[index] = await call(item)
      if (errors.length > 0) return
    }
  }
  const note = (error: unknown) => errors.push(error)
  await Promise.all(Array.from({ length: limit }, () => callInTurn().catch(note)))
  if (errors.length > 0) throw errors[0]
  return results
}
