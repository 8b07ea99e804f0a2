import type { Size } from '../../permute/rectangle.ts'
import { type Association, readAssociations, writeAssociations } from './associations.ts'
import { boxesIn, bytesOf, encodeBox, type FileBox, findBox } from './file-boxes.ts'

/** The properties of a file (`iprp`; ISO/IEC 23008-12, 9.3.1) and the items that have them, to be changed. */
export class ItemProperties {
  readonly #file: Buffer
  readonly #known: readonly FileBox[]
  readonly #added: Buffer[] = []
  readonly #associations: Map<number, readonly Association[]>

  constructor(file: Buffer, iprp: FileBox) {
    this.#file = file
    this.#known = [...boxesIn(file, findBox(file, iprp, 'ipco'))]
    this.#associations = readAssociations(file, iprp)
  }

  /** The properties of an item, in the order in which they apply; only those of certain types, or of all others. */
  of(id: number, types: { only: readonly string[] } | { except: readonly string[] }): Association[] {
    const isWanted = (type: string) =>
      'only' in types ? types.only.includes(type) : !types.except.includes(type)
    return (this.#associations.get(id) ?? []).filter(property => isWanted(this.typeOf(property)))
  }

  typeOf({ index }: Association): string {
    return this.#known[index - 1]?.type ?? ''
  }

  /** Whether a property is colour numbers (`nclx`), not an ICC profile. */
  isNumbers(property: Association): boolean {
    const isNclx = ({ body }: FileBox) => this.#file.toString('latin1', body, body + 4) === 'nclx'
    return this.typeOf(property) === 'colr' && this.boxesOf([property]).every(isNclx)
  }

  boxesOf(properties: readonly Association[]): FileBox[] {
    return properties.map(({ index }) => this.#known[index - 1]).filter(box => box !== undefined)
  }

  sizeOf(id: number): Size {
    const box = this.boxesOf(this.of(id, { only: ['ispe'] })).at(-1)
    if (!box) return { width: 1, height: 1 }
    return { width: this.#file.readUInt32BE(box.body + 4), height: this.#file.readUInt32BE(box.body + 8) }
  }

  /** Adds a property to the file. Returns its index. */
  add(box: Buffer): number {
    this.#added.push(box)
    return this.#known.length + this.#added.length
  }

  /** Replaces the properties of an item. */
  set(id: number, properties: readonly Association[]): void {
    this.#associations.set(id, properties)
  }

  encode(): Buffer {
    const known = this.#known.map(box => bytesOf(this.#file, box))
    return encodeBox(
      'iprp',
      encodeBox('ipco', ...known, ...this.#added),
      writeAssociations(this.#associations),
    )
  }
}
