import { type Count, compareCounts, countText } from './count.ts'
import { hash } from './hash.ts'
import { compareRegisters, type Register, valueText } from './register.ts'

export type RegisterEntry = Register & { readonly kind: 'register'; readonly name: string }
export type CountEntry = Count & { readonly kind: 'count'; readonly name: string; readonly node: string }

/** A part of a state. Nodes exchange entries. */
export type Entry = RegisterEntry | CountEntry

/**
 * Shows which of two entries of one key is newer without their values: the entry with the higher rank (generation or
 * total). With the same rank, entries with the same check are equal; otherwise only a merge can decide.
 */
export interface Version {
  readonly key: string
  readonly rank: number
  readonly check: number
}

export function registerKey(name: string): string {
  return `register/${name}`
}

export function countKey(name: string, node: string): string {
  return `count/${name}/${node}`
}

export function keyOf(entry: Entry): string {
  return entry.kind === 'register' ? registerKey(entry.name) : countKey(entry.name, entry.node)
}

/** Compares entries with the same key: below 0 when the first is older, 0 when they are the same. */
export function compareEntries(one: Entry, other: Entry): number {
  if (one.kind === 'register' && other.kind === 'register') return compareRegisters(one, other)
  if (one.kind === 'count' && other.kind === 'count') return compareCounts(one, other)
  throw new TypeError('only entries of one key can be compared')
}

export function versionOf(key: string, entry: Entry): Version {
  return entry.kind === 'register'
    ? {
        key,
        rank: entry.generation,
        check: hash(`${key} ${entry.generation} ${entry.writer} ${valueText(entry)}`),
      }
    : { key, rank: entry.total, check: hash(`${key} ${countText(entry)}`) }
}

/**
 * About how many bytes an entry takes in a message. Counts UTF-16 units; a unit that isn't ASCII takes up to three
 * bytes in UTF-8.
 */
export function sizeOf(entry: Entry): number {
  return JSON.stringify(entry).length
}
