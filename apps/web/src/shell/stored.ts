/** The value that the browser keeps under a key; null if there is none. */
export function readStored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null // not ours, or storage is disabled
  }
}

/** False if storage is full or disabled: then the value is lost when the page is closed. */
export function store(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}
