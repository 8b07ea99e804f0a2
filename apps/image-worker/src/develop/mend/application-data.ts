import type { Component } from '../../permute/jpeg/frame.ts'
import { isNamed, markers } from '../../permute/jpeg/jpeg-markers.ts'

/**
 * The JFIF and Adobe segments of an image, read where libjpeg reads them (jdmarker.c, examine_app0 and examine_app14).
 */
export class ApplicationData {
  readonly #adobe: Buffer[] = []

  take(marker: number, data: Buffer): void {
    if (marker === markers.app0 && isNamed('JFIF\0', data, 14)) data[5] = 1
    if (marker === markers.app14 && isNamed('Adobe', data, 12)) this.#adobe.push(data)
  }

  /**
   * Replaces a transform that Adobe doesn't define for these components by the transform that libjpeg assumes instead
   * (jdapimin.c): YCbCr, or YCCK for four components. Adobe's 1 and 2 become 3 if one bit is flipped. Photoshop wrote 2
   * (YCCK) for three components, too: they are YCbCr if two have fewer samples. Other numbers may be a damaged 0, which
   * stands for RGB and CMYK.
   */
  mend(components: readonly Component[]): void {
    const expected = components.length === 4 ? 2 : 1
    for (const data of this.#adobe)
      if (data[11] === 3 || (data[11] === 2 && isReduced(components))) data[11] = expected
  }
}

/** Whether the first of three components has more samples than the others. Red, green and blue have equally many. */
function isReduced([first, ...others]: readonly Component[]): boolean {
  const samples = ({ horizontal, vertical }: Component) => horizontal * vertical
  return first !== undefined && others.length === 2 && others.every(other => samples(other) < samples(first))
}
