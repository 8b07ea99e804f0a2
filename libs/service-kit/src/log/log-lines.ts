import { WriteStream } from 'node:tty'
import { inspect, styleText } from 'node:util'
import { type DestinationStream, pino } from 'pino'

type Style = Parameters<typeof styleText>[0]

const styles: Record<string, Style> = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}
/** The length of the longest service name, so that messages are aligned. */
const serviceWidth = 'cluster-state'.length

/** Turns the logger's JSON into lines for people: time, service, level, message, id, then all other fields. */
export function logLines(destination: DestinationStream, options: LineOptions): DestinationStream {
  return { write: json => destination.write(lineOf(json, options)) }
}

interface LineOptions {
  hasColours: boolean
}

/** Whether a terminal shows colours. NO_COLOR and FORCE_COLOR have priority over TERM. */
export function terminalHasColours(): boolean {
  return WriteStream.prototype.getColorDepth.call(undefined) > 1
}

function lineOf(json: string, { hasColours }: LineOptions): string {
  const { time, service, level, msg = '', id, err, ...rest } = JSON.parse(json) as Record<string, unknown>
  const paint = (style: Style, text: string) =>
    hasColours ? styleText(style, text, { validateStream: false }) : text
  const label = pino.levels.labels[Number(level)] ?? String(level)
  const fields = Object.entries({ ...(id === undefined ? {} : { id }), ...rest }).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const parts = [
    paint('gray', clockTime(String(time))),
    paint('cyan', String(service).padEnd(serviceWidth)),
    paint(styles[label] ?? 'reset', label.padEnd(5)),
    oneLine(String(msg)),
    paint('gray', oneLine(fields.join(' '))),
  ]
  return `${parts.filter(part => part !== '').join(' ')}\n${err === undefined ? '' : errorLines(err)}`
}

/** The local time of day for a time in ISO 8601. */
function clockTime(iso: string): string {
  const time = new Date(iso)
  const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits)
  return `${hours}:${minutes}:${seconds}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0')
}

/** Formats an error of pino's as indented lines. */
function errorLines(err: unknown): string {
  const isRecord = typeof err === 'object' && err !== null
  const text = isRecord && 'stack' in err ? String(err.stack) : inspect(err)
  return text.replaceAll(/^/gm, '    ').concat('\n')
}

/** Escapes control characters, because text from clients must not move the cursor or begin a new line. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is sought
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, character => JSON.stringify(character).slice(1, -1))
}
