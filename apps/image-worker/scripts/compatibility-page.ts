import { type OutputFormat, outputFormats } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { contentTypeOf, type ImageFormat, imageFormats } from '@darkroom/image-header'
import { Config } from '../src/config.ts'
import { defaultQuality } from '../src/develop/encode-settings.ts'
import {
  canBeTransparent,
  canCarryProfile,
  canHave16Bits,
  isAnimatable,
  keepsFrames,
  usualResult,
} from '../src/develop/format-abilities.ts'
import { type Cell, compatibilityTable, type Row, sections } from './compatibility-table.ts'
import { type JpegOddity, jpegOddityTable } from './jpeg-oddity-table.ts'

const names: Readonly<Record<ImageFormat, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  tiff: 'TIFF',
  avif: 'AVIF',
  heic: 'HEIC',
}
const rows: readonly Row[] = Object.values(compatibilityTable)

/** Generates docs/compatibility.md from the tables in the code, which the tests check. */
export function compatibilityPage(): string {
  const { maxPixels, maxUnpackedBytes } = Value.Create(Config)
  return `# Formats and what becomes of them

What a file is, its content decides, not its name or \`Content-Type\`. Everything else (SVG, PDF, BMP, JPEG XL, JPEG 2000, RAW
and whatever can reach out) is refused with 415 when it is uploaded. The format of the result is that of the original
unless [\`format:\`](operations.md#format) says otherwise. This page is made by \`npm run docs\`, and a test develops a file
for each row of its tables.

## Formats

| format | type | result | several frames | transparency | 16 bits | colour profile |
|---|---|---|---|---|---|---|
${imageFormats.map(formatRow).join('\n')}

- HEIC and HEIF are what iPhones make. They need the package \`libheif-js\`, which \`npm install\` brings along; a server
  without it answers 415. HEIC is never written: for it the last
  column of the tables below counts.
- Frames are those of an animation, or pages. Of an AVIF or HEIC with several images the primary image
  is taken; a sequence without a still image is refused.
- At most ${maxPixels / 1e6} megapixels of all frames together, and ${maxUnpackedBytes / 2 ** 20} MiB unpacked: a larger image is answered 422 when it is uploaded.

## Two families of operations

- **\`swap-channels\` alone, in the format of the original**, changes nothing but the order of the colours. Well-formed PNG, GIF
  and JPEG are not decoded for that; lossless formats are exact to the last sample. \`metadata:\` beside it doesn't change that.
- **All other operations** decode the image, change each frame, and encode it the way the original was. \`flip\`, \`flop\` and
  \`rotate\` by quarter turns only move the blocks of a JPEG where its edges allow it; those that cancel out change nothing.

What the format of the result can't hold is converted so that the picture looks the same, or left out.

${sections.map(section).join('\n\n')}

Where the format changes, the quality is ${qualities()} unless \`format:\` names another. A quality that is named makes WebP,
AVIF and TIFF lossy, also where the original was lossless, and TIFF 8 bits a sample.

## JPEGs that are not by the book

Phones, cameras and programs write what decoders warn of though no sample depends on it. Such a JPEG, also inside a TIFF, is
developed, with the samples that a lenient decoder gives. Where a part of the image may be lost, the image fails with
the reason.

| what a JPEG has | what becomes of it |
|---|---|
${Object.values(jpegOddityTable).map(oddityRow).join('\n')}

The details, and why:
[image-worker](../apps/image-worker/README.md#how-images-are-developed).
`
}

function formatRow(format: ImageFormat): string {
  const isWritten = isOutput(format)
  const can = (isAble: (format: OutputFormat) => boolean) => (isWritten ? yesOrNo(isAble(format)) : 'read')
  const cells = [
    names[format],
    `\`${contentTypeOf(format)}\``,
    names[usualResult(format)],
    yesOrNo(isAnimatable(format) || (isWritten && keepsFrames(format, format))),
    can(canBeTransparent),
    format === 'avif' ? '10 or 12' : can(canHave16Bits),
    can(canCarryProfile),
  ]
  return `| ${cells.join(' | ')} |`
}

function isOutput(format: ImageFormat): format is OutputFormat {
  return (outputFormats as readonly string[]).includes(format)
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no'
}

function section(name: (typeof sections)[number]): string {
  const inside = rows.filter(({ section }) => section === name)
  return `## ${name}

| feature | originals | channels swapped | other operations | result in another format |
|---|---|---|---|---|
${inside.map(featureRow).join('\n')}`
}

function featureRow({ feature, of, swapped, developed, as }: Row): string {
  return `| ${feature} | ${of} | ${written(swapped)} | ${written(developed)} | ${as ? writtenFor(as) : 'that of the new format'} |`
}

function written({ fate, words }: Cell): string {
  if (words === undefined) return fate
  if (fate === 'converted') return words
  return fate === 'kept' ? `${fate}, ${words}` : `${fate}: ${words}`
}

/** Groups the formats that do the same. */
function writtenFor(as: NonNullable<Row['as']>): string {
  const cells = Object.entries(as) as [OutputFormat, Cell][]
  const groups = Map.groupBy(cells, ([, cell]) => written(cell))
  if (groups.size === 1 && cells.length === outputFormats.length) return [...groups.keys()].join()
  const parts = [...groups].map(
    ([words, formats]) => `${formats.map(([format]) => names[format]).join(', ')}: ${words}`,
  )
  return parts.join('. ')
}

function oddityRow({ words, isDeveloped }: JpegOddity): string {
  return `| ${words} | ${isDeveloped ? 'developed' : 'refused'} |`
}

function qualities(): string {
  const lossy = outputFormats.filter(format => defaultQuality[format] < 100 && format !== 'tiff')
  return lossy.map(format => `${defaultQuality[format]} for ${names[format]}`).join(', ')
}
