import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { Agent, request } from 'undici'
import { report } from './comparison.ts'
import { developSwapped } from './develop-thread.ts'
import { type ImageKind, makeImageKinds } from './flow-images.ts'
import { type FlowRow, flowTable, writeFlowPage } from './flow-page.ts'
import { describeMachine, median } from './measure.ts'
import { Owner } from './owner.ts'
import { cpuMs, processTree } from './process-figures.ts'
import { type Side, startDarkroomSide, startHomeMade } from './sides.ts'

/**
 * Images per second, and CPU time of all processes per image, from the upload to the last byte of the result: Darkroom as
 * `npm start` runs it, compared with the server of home-made/. Both run all the time; one idles while the other is
 * measured. `--write` writes the figures into README.md and draws flow.svg.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
    way: { type: 'string', default: 'recomb' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const clients = Number(values.clients)

interface Figures {
  imagesPerSecond: number
  cpuMs: number
}

await using owner = new Owner()
const kinds = (await makeImageKinds()).filter(({ name }) => name.includes(values.only))
const homeMade = await startHomeMade(owner, readWay(values.way))
const darkroom = await startDarkroomSide(owner)
const dispatcher = new Agent({ connections: clients })
owner.after(() => dispatcher.close())

const circumstances = `${clients} clients; medians of ${rounds} rounds in turn; ${describeMachine()}.`
print(circumstances)
const rows: FlowRow[] = []
for (const kind of kinds) {
  const [theirs, ours] = await measureInTurn(kind, [homeMade, darkroom])
  const kilobytes = kind.images.reduce((sum, { length }) => sum + length, 0) / kind.images.length / 1000
  rows.push({
    name: kind.name,
    kilobytes,
    homeMade: theirs,
    darkroom: ours,
    imageWorkMs: await imageWork(kind),
  })
}
print('', flowTable(homeMade.name, rows))
for (const { name, homeMade: theirs, darkroom: ours } of rows) {
  const figures = (key: keyof Figures) => ({
    darkroom: ours[key],
    beside: { name: homeMade.name, figure: theirs[key] },
  })
  report({ what: `${name}, upload to result`, figure: 'images/s', ...figures('imagesPerSecond') })
  report({ what: `${name}, all processes`, figure: 'CPU ms', ...figures('cpuMs') })
}
if (values.write) writeFlowPage(circumstances, homeMade.name, rows)

/** Medians of each side. */
async function measureInTurn(kind: ImageKind, [one, other]: [Side, Side]): Promise<[Figures, Figures]> {
  const results = [one, other].map(side => ({
    side,
    digests: new Map<number, string>(),
    figures: [] as Figures[],
  }))
  for (const { side, digests } of results) await warmUp(side, kind, digests)
  for (let round = 0; round < rounds; round++)
    for (const { side, digests, figures } of results) figures.push(await measure(side, kind, digests))
  return results.map(({ figures }) => ({
    imagesPerSecond: median(figures.map(({ imagesPerSecond }) => imagesPerSecond)),
    cpuMs: median(figures.map(({ cpuMs }) => cpuMs)),
  })) as [Figures, Figures]
}

/** Sends all images once to each side, so that code is compiled and memory has grown, and checks the results. */
async function warmUp(side: Side, kind: ImageKind, digests: Map<number, string>): Promise<void> {
  for (const [index, image] of kind.images.entries()) {
    const result = await developOne(side, image)
    await assertSwapped(side, image, result)
    digests.set(index, digestOf(result))
  }
  await measure(side, kind, digests)
}

async function measure(side: Side, kind: ImageKind, digests: Map<number, string>): Promise<Figures> {
  const pids = side.pids.flatMap(processTree)
  const cpuOfAll = () => pids.reduce((sum, pid) => sum + cpuMs(pid), 0)
  const cpuBefore = cpuOfAll()
  const begunAt = performance.now()
  let next = 0
  const client = async () => {
    for (let count = next++; count < kind.perRound; count = next++) {
      const index = count % kind.images.length
      const result = await developOne(side, kind.images[index] as Buffer)
      if (digestOf(result) !== digests.get(index))
        throw new Error(`${side.name} returned other bytes than before`)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - begunAt) / 1000
  return { imagesPerSecond: kind.perRound / seconds, cpuMs: (cpuOfAll() - cpuBefore) / kind.perRound }
}

async function developOne({ name, url }: Side, image: Buffer): Promise<Buffer> {
  const headers = { prefer: 'wait=60', 'content-type': 'application/octet-stream' }
  const uploaded = await request(`${url}/images`, { dispatcher, method: 'POST', headers, body: image })
  if (uploaded.statusCode !== 200)
    throw new Error(`${name} answered ${uploaded.statusCode}: ${await uploaded.body.text()}`)
  const { id } = (await uploaded.body.json()) as { id: string }
  const result = await request(`${url}/images/${id}/result`, { dispatcher })
  if (result.statusCode !== 200) throw new Error(`${name} answered ${result.statusCode} to a download`)
  return Buffer.from(await result.body.arrayBuffer())
}

/** The CPU time of the swap alone, as Darkroom does it. */
async function imageWork({ images }: ImageKind): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < 8 * images.length; run++) {
    const before = process.cpuUsage()
    await developSwapped(images[run % images.length] as Buffer)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  return median(times.slice(images.length))
}

/** Compares the mean of each channel: results are exact only in lossless formats. */
async function assertSwapped({ name }: Side, original: Buffer, result: Buffer): Promise<void> {
  const before = await meansOf(original)
  const after = await meansOf(result)
  const isSwapped = before.toReversed().every((mean, at) => Math.abs(mean - (after[at] ?? 0)) < 3)
  if (!isSwapped) throw new Error(`${name} did not swap red and blue: ${before} became ${after}`)
}

async function meansOf(image: Buffer): Promise<number[]> {
  const { channels } = await sharp(image).stats()
  return channels.slice(0, 3).map(({ mean }) => mean)
}

function readWay(text: string): 'recomb' | 'raw' {
  if (text === 'recomb' || text === 'raw') return text
  throw new Error(`--way must be recomb or raw, got "${text}"`)
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
