import type { ImageStatus } from '@darkroom/contracts'
import { remedyForFailure, sentence } from '../api/refusal.ts'
import { imageOf, type Row, type RowView } from './row.ts'

/** The text for the state of a row. */
export function stateWords(view: RowView): string {
  switch (view.state) {
    case 'waiting':
      return view.share ? `In line, ${Math.floor(view.share * 100)} % is uploaded` : 'In line'
    case 'uploading':
      return view.share < 1 ? `Uploading ${Math.floor(view.share * 100)} %` : 'Being checked'
    case 'refused':
      return `${view.refusal.message}. ${view.refusal.remedy}`
    case 'not-started':
      return 'Waits for a worker'
    case 'in-progress':
      return 'Developing'
    case 'finished':
      return `Developed${tookWords(view.image)}`
    case 'failed':
      return failureWords(view.image)
  }
}

function failureWords({ error }: ImageStatus): string {
  if (!error) return 'Failed'
  return `${sentence(error.detail ?? error.title)}. ${remedyForFailure(error.type)}`.trim()
}

function tookWords({ startedAt, finishedAt }: { startedAt?: string; finishedAt?: string }): string {
  if (startedAt === undefined || finishedAt === undefined) return ''
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000
  return seconds < 0.1 ? ' at once' : ` in ${seconds.toFixed(1)}\u00a0s`
}

/** Type, size and dimensions, as far as they are known. */
export function facts(row: Row): string {
  const image = imageOf(row)
  if (!image) return bytesWords(row.bytes)
  const { contentType, width, height, frames } = image.original
  const parts = [typeWords(contentType), `${width} × ${height}`, bytesWords(image.original.bytes)]
  if (frames > 1) parts.push(`${frames} frames`)
  return parts.join(' · ')
}

export function typeWords(contentType: string): string {
  return contentType.replace('image/', '').toUpperCase()
}

export function bytesWords(bytes: number): string {
  if (bytes < 1024) return `${bytes}\u00a0B`
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)}\u00a0KB`
  return `${(bytes / 1024 ** 2).toFixed(1)}\u00a0MB`
}

/** Keeps the end of a name, because it has the number of a photograph, and the extension. */
export function shortened(name: string, most: number): string {
  const letters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment)
  if (letters.length <= most) return name
  const end = Math.floor(most / 3)
  return `${letters.slice(0, most - end - 1).join('')}…${letters.slice(-end).join('')}`
}

/** The usual file extension of a type. */
export function extensionOf(contentType: string): string {
  return contentType.replace('image/', '').replace('jpeg', 'jpg').replace('tiff', 'tif')
}

/** The name of a file without its folders and its extension. */
export function stemOf(path: string): string {
  const [last = ''] = path.split('/').slice(-1)
  return last.replace(/(?<=.)\.[^.]*$/, '')
}
