/** Where a logger of a test writes: keeps the lines as objects. */
export class RecordedLog {
  readonly lines: { level: number; msg: string; [field: string]: unknown }[] = []

  write(line: string): void {
    this.lines.push(JSON.parse(line))
  }

  /** What was logged as an error, or worse. */
  get errors() {
    return this.lines.filter(({ level }) => level >= 50)
  }
}
