/** Loading the modules that all tests import takes as long as running a few small test files. */
const filesPerProcess = 20
/** Neighbouring files take about equally long, so they are divided among this many processes. */
const processesPerGroup = 4

/**
 * Divides test files among processes. Files of a package are in few processes, because they import about the same modules:
 * each further process would load and compile these again.
 */
export function inShards(files: readonly string[], most = filesPerProcess): string[][] {
  const groupSize = most * processesPerGroup
  const groups = Array.from({ length: Math.ceil(files.length / groupSize) }, (_, group) =>
    files.slice(group * groupSize, (group + 1) * groupSize),
  )
  return groups.flatMap(group => {
    const count = Math.ceil(group.length / most)
    return Array.from({ length: count }, (_, shard) => group.filter((_, at) => at % count === shard))
  })
}
