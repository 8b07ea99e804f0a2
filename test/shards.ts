/** Loading what all tests import takes as long as a few small files of them run. */
const filesPerProcess = 20

/** Divides test files among processes; neighbours go to different ones, as they take about as long. */
export function inShards(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / filesPerProcess)
  return Array.from({ length: count }, (_, shard) => files.filter((_, at) => at % count === shard))
}
