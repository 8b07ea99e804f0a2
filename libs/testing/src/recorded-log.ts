/** The output of a test's logger: keeps the lines as objects. */
export class RecordedLog {
  readonly lines: { level: number; msg: string; [field: string]: unknown }[] = []

  write(line: string): void {
    this.lines.push(JSON.parse(line))
  }

  /** The lines of level error and above. */
  get errors() {
    return this.lines.filter(({ level }) => level >= 50)
  }
}
