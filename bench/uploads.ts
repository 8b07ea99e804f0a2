import sharp from 'sharp'
import { Agent, request } from 'undici'
import { report } from './comparison.ts'
import { describeMachine, format, quantile, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { pickPhotographs } from './photographs.ts'
import { startDarkroomSide, startKeeper } from './sides.ts'

/**
 * Measures the time from the start of an upload to its 202, and to the moment at which a thread starts to work on it. The
 * machine is idle, and uploads come one after the other. Compares Darkroom with the simplest server that is as durable:
 * home-made/keeper.ts.
 *
 *     npm run bench -- uploads [uploads of 1 MiB] [uploads of 64 MiB]
 */
const [small = 300, large = 9] = process.argv.slice(2).map(Number)

await using owner = new Owner()
const dispatcher = new Agent()
owner.after(() => dispatcher.close())
const keeper = await startKeeper(owner)
const darkroom = await startDarkroomSide(owner)
const [photograph] = await pickPhotographs(1)
if (!photograph) throw new Error('there is no photograph to upload')

const thumbnail = await sharp(photograph.bytes).resize(64, 48).png().toBuffer()
const oneMiB = await ofSize(2 ** 20)
const nearLimit = await ofSize(63 * 2 ** 20)
const starts: number[] = []

process.stdout.write(`${describeMachine()}\n`)
table(
  'Milliseconds from the first byte to the 202, in turn',
  'upload',
  'p50',
  'p99',
  'simplest server',
  'p50',
  'p99',
  'ratio p50',
  'p99',
)
compare('1 MiB', 'one handler', await inTurn(small, oneMiB, '/images'))
compare('63 MiB', 'to one file', await inTurn(large, nearLimit, '/stream'))
for (let count = 0; count < small; count++) {
  const sentAt = Date.now()
  const { startedAt } = await ended(await upload(darkroom.url, '/images', thumbnail))
  starts.push(Date.parse(startedAt) - sentAt)
}
const startMs = quantile(starts, 0.5)
process.stdout.write(
  `\nFrom the first byte to the start of work on a small PNG: ${format(startMs)} ms (p50)\n`,
)
report({ what: 'upload of a small PNG to the start of work', figure: 'ms p50', darkroom: startMs })

/** Each side's times in ms: Darkroom's first. */
async function inTurn(count: number, image: Buffer, keeperPath: string): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  for (let run = -2; run < count; run++) {
    const begunAt = performance.now()
    const id = await upload(darkroom.url, '/images', image)
    const uploadedAt = performance.now()
    await ended(id)
    const restartedAt = performance.now()
    await upload(keeper.url, keeperPath, image)
    if (run < 0) continue // the first runs compile the code
    times[0].push(uploadedAt - begunAt)
    times[1].push(performance.now() - restartedAt)
  }
  return times
}

function compare(name: string, simplest: string, [ours, theirs]: [number[], number[]]): void {
  const [p50, p99, theirP50, theirP99] = [
    quantile(ours, 0.5),
    quantile(ours, 0.99),
    quantile(theirs, 0.5),
    quantile(theirs, 0.99),
  ]
  row(name, p50, p99, simplest, theirP50, theirP99, p50 / theirP50, p99 / theirP99)
  const what = `upload of ${name} to the 202`
  report({ what, figure: 'ms p50', darkroom: p50, beside: { name: simplest, figure: theirP50 } })
  report({ what, figure: 'ms p99', darkroom: p99, beside: { name: simplest, figure: theirP99 } })
}

async function upload(url: string, path: string, body: Buffer): Promise<string> {
  const headers = { 'content-type': 'application/octet-stream' }
  const reply = await request(url + path, { dispatcher, method: 'POST', headers, body })
  if (reply.statusCode !== 202)
    throw new Error(`${url} answered ${reply.statusCode}: ${await reply.body.text()}`)
  const { id } = (await reply.body.json()) as { id: string }
  return id
}

async function ended(id: string): Promise<{ startedAt: string }> {
  const headers = { prefer: 'wait=60' }
  const { body } = await request(`${darkroom.url}/images/${id}`, { dispatcher, headers })
  const image = (await body.json()) as { state: string; startedAt: string }
  if (image.state !== 'finished') throw new Error(`image ${id} is ${image.state}`)
  return image
}

/** A PNG of about this many bytes that is not compressed, so that work on it takes little. */
async function ofSize(bytes: number): Promise<Buffer> {
  const width = Math.floor(Math.sqrt((bytes / 3 / 4) * 3))
  const height = Math.floor((width * 4) / 3)
  const resized = sharp(photograph?.bytes).resize(width, height, { fit: 'cover' })
  return resized.removeAlpha().png({ compressionLevel: 0 }).toBuffer()
}
