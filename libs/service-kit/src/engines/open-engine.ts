import { InvalidConfig } from '../settings/config.ts'

type ErrorClass = new (...given: never[]) => Error

/**
 * Opens the engine that a setting selects. An error of one of the `unusable` classes means that the engine can't be used
 * with this setting, so it is reported as a mistake in the setting.
 *
 * @throws InvalidConfig naming the variable
 */
export async function openEngine<Engine>(
  variable: string,
  unusable: readonly ErrorClass[],
  open: () => Engine | Promise<Engine>,
): Promise<Engine> {
  try {
    return await open()
  } catch (error) {
    if (!unusable.some(each => error instanceof each)) throw error
    throw new InvalidConfig([`${variable}: ${(error as Error).message}`])
  }
}
