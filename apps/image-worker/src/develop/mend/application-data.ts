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
   * Replaces transform 3, which Adobe doesn't define, by the transform that libjpeg assumes instead (jdapimin.c):
   * YCbCr, or YCCK for four components. Adobe's 1 and 2 become 3 if one bit is flipped. Other numbers may be a damaged
   * 0, which stands for RGB and CMYK.
   */
  mend(components: number): void {
    const expected = components === 4 ? 2 : 1
    for (const data of this.#adobe) if (data[11] === 3) data[11] = expected
  }
}
