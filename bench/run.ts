/** Runs a benchmark: `npm run bench` runs the flow, `npm run bench -- queues 2000` another benchmark with its arguments. */
const benchmarks: Readonly<Record<string, string>> = {
  all: 'the benchmarks that compare Darkroom with something, as one table',
  flow: 'images per second, compared with a home-made server',
  uploads: 'how long an upload takes, compared with the simplest durable server',
  streams: 'open event streams at one frontend: memory, CPU time, delay',
  webhooks: 'how late a receiver gets its webhooks while a thousand others never answer',
  'slow-disk': 'reads while every sync takes 50 ms longer',
  growing: 'ten million images a day: what each service uses',
  queues: 'tasks per second with both queues',
  'task-stores': 'tasks per second, in SQLite and in PostgreSQL',
  'many-tasks': 'claims, listings and counts with 1 000 and with a million tasks',
  'cluster-state': 'increments per second, and how soon five nodes agree',
  gossip: 'how soon up to 1000 simulated nodes agree, and how many bytes they send',
  permute: 'channel permutation of PNG, GIF and raw samples, compared with sharp',
  'permute-jpeg': 'channel permutation of JPEG, compared with sharp',
  operations: 'each operation, compared with the same in sharp',
  heic: 'HEIC to JPEG',
  footprint: 'the time of a start, and the memory at rest and under load',
}

const [first = 'flow'] = process.argv.slice(2)
const name = first.startsWith('-') ? 'flow' : first
if (Object.hasOwn(benchmarks, name)) {
  if (name === first) process.argv.splice(2, 1) // the benchmark reads its own arguments
  await import(`./${name}.ts`)
} else {
  const list = Object.entries(benchmarks).map(([known, measured]) => `  ${known.padEnd(15)}${measured}\n`)
  process.stderr.write(`there is no benchmark "${name}"; expected one of\n${list.join('')}`)
  process.exitCode = 1
}
