/** Calls a function for all items, at most `limit` at a time; resolves with the results in the order of the items. */
export async function mapConcurrently<Item, Result>(
  limit: number,
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const left = items.entries()
  const callInTurn = async () => {
    for (const [index, item] of left) results[index] = await call(item)
  }
  await Promise.all(Array.from({ length: limit }, callInTurn))
  return results
}
