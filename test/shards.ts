/** Loading the modules that all tests import takes as long as running a few small test files. */
const filesPerProcess = 20

/** Divides test files among processes. Neighbouring files go to different processes, as they take about equally long. */
export function inShards(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / filesPerProcess)
  return Array.from({ length: count }, (_, shard) => files.filter((_, at) => at % count === shard))
}
