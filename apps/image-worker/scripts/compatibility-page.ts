import { type OutputFormat, outputFormats } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { contentTypeOf, type ImageFormat, imageFormats } from '@darkroom/image-header'
import { Config } from '../src/config.ts'
import { defaultQuality } from '../src/develop/encode/encode-settings.ts'
import {
  canBeTransparent,
  canCarryProfile,
  canHave16Bits,
  isAnimatable,
  keepsFrames,
  usualResult,
} from '../src/develop/format-abilities.ts'
import { formatNames } from '../src/develop/format-names.ts'
import type { Cell, Row } from './compatibility/cells.ts'
import { sections } from './compatibility/table.ts'
import { type JpegOddity, jpegOddityTable } from './jpeg-oddity-table.ts'

/** Generates docs/compatibility.md from the tables in the code, which the tests check. */
export function compatibilityPage(): string {
  const { maxPixels, maxUnpackedBytes } = Value.Create(Config)
  return `# Supported formats and features

The content of a file decides its format; its name and \`Content-Type\` don't matter. Any other format (SVG, PDF, BMP, JPEG XL,
JPEG 2000, RAW, and all formats that can load other files) is refused at the upload with 415; the response names common formats. The
result has the format of the original unless [\`format:\`](operations.md#format) names another. \`npm run docs\` generates this page, and a
test develops a file for each row of its tables.

## Formats

| format | type | result | several frames | transparency | 16 bits | colour profile |
|---|---|---|---|---|---|---|
${imageFormats.map(formatRow).join('\n')}

- iPhones write HEIC and HEIF. They need the package \`libheif-js\`, which \`npm install\` installs; a server without it
  answers 415. Results are never HEIC, so the last column of the tables below applies to it.
- "Several frames" means the frames of an animation, or pages. If an AVIF or HEIC has several images, its primary image
  is used; a sequence without a still image is refused.
- The limits are ${maxPixels / 1e6} megapixels for all frames together, and ${maxUnpackedBytes / 2 ** 20} MiB unpacked. The upload of a larger image gets a 422.
  \`MAX_PIXELS\` and \`MAX_UNPACKED_BYTES\` change the limits.

## Two families of operations

- **\`swap-channels\` alone, in the format of the original**, changes only the order of the colours. Well-formed PNG, GIF
  and JPEG files are not decoded for it; lossless formats are exact to the last sample. An additional \`metadata:\` doesn't
  change this.
- **All other operations** decode the image, change each frame, and encode it with the original's settings. \`flip\`, \`flop\`
  and \`rotate\` by quarter turns only move the blocks of a JPEG if its edges allow it; turns that cancel out change nothing.

If the format of the result doesn't support a feature, the feature is converted so that the picture looks the same, or
dropped.

${Object.entries(sections).map(section).join('\n\n')}

If the format changes, the quality is ${qualities()} unless \`format:\` sets one. Setting a quality makes WebP,
AVIF and TIFF lossy, even if the original is lossless, and gives TIFF 8 bits a sample.

## JPEGs that break the specification

Phones, cameras and programs write JPEGs that decoders warn about although the samples are fine. Such a JPEG, also inside a
TIFF, is developed with the samples that a lenient decoder gives. If a part of the image may be lost, the image fails,
and the error names the reason.

| the JPEG has | it is |
|---|---|
${Object.values(jpegOddityTable).map(oddityRow).join('\n')}

Details and reasons:
[image-worker](../apps/image-worker/README.md#how-images-are-developed).
`
}

function formatRow(format: ImageFormat): string {
  const isWritten = isOutput(format)
  const can = (isAble: (format: OutputFormat) => boolean) => (isWritten ? yesOrNo(isAble(format)) : 'read')
  const cells = [
    formatNames[format],
    `\`${contentTypeOf(format)}\``,
    formatNames[usualResult(format)],
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

function section([name, rows]: [string, Readonly<Record<string, Row>>]): string {
  return `## ${name}

| feature | originals | channels swapped | other operations | result in another format |
|---|---|---|---|---|
${Object.values(rows).map(featureRow).join('\n')}`
}

function featureRow({ feature, of, swapped, developed, as }: Row): string {
  return `| ${feature} | ${of} | ${written(swapped)} | ${written(developed)} | ${as ? writtenFor(as) : 'the default of the new format'} |`
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
    ([words, formats]) => `${formats.map(([format]) => formatNames[format]).join(', ')}: ${words}`,
  )
  return parts.join('. ')
}

function oddityRow({ words, isDeveloped }: JpegOddity): string {
  return `| ${words} | ${isDeveloped ? 'developed' : 'refused'} |`
}

function qualities(): string {
  const lossy = outputFormats.filter(format => defaultQuality[format] < 100 && format !== 'tiff')
  return lossy.map(format => `${defaultQuality[format]} for ${formatNames[format]}`).join(', ')
}
