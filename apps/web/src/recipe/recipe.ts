import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { randomText } from '../images/row.ts'

/** One operation of the list that is applied, with its arguments. */
export interface Step {
  readonly key: string
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

type SavedSteps = readonly Omit<Step, 'key'>[]

export const maxSteps = 10
const lastKey = 'darkroom-steps'
const savedKey = 'darkroom-recipes'

/** The steps for the images that are added next. Without a step, the server applies its default. */
export const steps = signal<readonly Step[]>(
  withKeys(readStored<SavedSteps>(lastKey, [{ name: 'swap-channels', values: { order: 'bgr' } }])),
)
/** Lists of steps that were saved in this browser, by name. */
export const recipes = signal<Readonly<Record<string, SavedSteps>>>(readStored(savedKey, {}))

export function setSteps(next: readonly Step[]): void {
  steps.value = next
  store(lastKey, withoutKeys(next))
}

export function addStep(name: string, values: Step['values']): void {
  if (steps.value.length < maxSteps) setSteps([...steps.value, { key: randomText(), name, values }])
}

export function changeStep(key: string, values: Step['values']): void {
  setSteps(steps.value.map(step => (step.key === key ? { ...step, values } : step)))
}

export function removeStep(key: string): void {
  setSteps(steps.value.filter(step => step.key !== key))
}

/** Moves a step up (-1) or down (1). */
export function moveStep(key: string, by: -1 | 1): void {
  const from = steps.value.findIndex(step => step.key === key)
  const moved = steps.value[from]
  const to = from + by
  if (!moved || to < 0 || to >= steps.value.length) return
  setSteps(steps.value.toSpliced(from, 1).toSpliced(to, 0, moved))
}

export function saveRecipe(name: string): void {
  recipes.value = { ...recipes.value, [name]: withoutKeys(steps.value) }
  store(savedKey, recipes.value)
}

export function useRecipe(name: string): void {
  const saved = recipes.value[name]
  if (saved) setSteps(withKeys(saved))
}

/** Replaces the steps by the operations of a preset. */
export function takeOperations(list: readonly Operation[]): void {
  setSteps(withKeys(list.map(({ name, ...values }) => ({ name, values }))))
}

export function removeRecipe(name: string): void {
  const { [name]: _removed, ...rest } = recipes.value
  recipes.value = rest
  store(savedKey, rest)
}

/** The value of `?operations=`; undefined for the server's default. */
export function operationsText(list: readonly Step[]): string | undefined {
  return list.length === 0 ? undefined : JSON.stringify(operationsOf(list))
}

/** The operations as JSON. Arguments without a value are left out. */
export function operationsOf(list: readonly Step[]): Operation[] {
  return list.map(({ name, values }) => ({ name, ...given(values) })) as Operation[]
}

function given(values: Step['values']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== undefined))
}

function withKeys(saved: SavedSteps): Step[] {
  return saved.map(step => ({ ...step, key: randomText() }))
}

function withoutKeys(list: readonly Step[]): SavedSteps {
  return list.map(({ name, values }) => ({ name, values }))
}

function readStored<Value>(key: string, otherwise: Value): Value {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? otherwise
  } catch {
    return otherwise
  }
}

function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage is full or disabled, so the steps are lost when the page is closed.
  }
}
