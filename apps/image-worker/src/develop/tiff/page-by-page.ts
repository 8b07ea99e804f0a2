import { leaveOnly } from './edit-tiff.ts'
import { TiffReader } from './tiff-directory.ts'
import type { TiffPage } from './tiff-page.ts'

/**
 * Returns a file for each page, with only this page. libvips reads the directories of all pages whenever it opens one,
 * so a file of 3000 pages took minutes. All pages share one copy: a page must be read before the next is requested.
 */
export function pageByPage(tiff: Uint8Array): (page: TiffPage) => Uint8Array {
  if ((TiffReader.of(tiff)?.directories().length ?? 0) < 2) return () => tiff
  let copy: Buffer | undefined
  return ({ directory }) => {
    copy ??= Buffer.from(tiff)
    leaveOnly(copy, directory.at)
    return copy
  }
}
