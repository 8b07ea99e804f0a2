import type { RegisterRead } from '@darkroom/contracts'
import type { Json, RegisterEntry } from '@darkroom/crdt'
import { ServiceProblem } from '@darkroom/service-kit'
import type { StateNode } from '../node/state-node.ts'
import { refuse, throwProblem } from '../node-problems.ts'
import { readWhole } from './register-value.ts'

/** Half of all generations, so that the other half is left for writes after a notification. */
const maxNotifiedGeneration = 2 ** 52

/** The registers of a node for the routes. All methods throw a ServiceProblem for what the node refuses. */
export class NodeRegisters {
  readonly #node: StateNode

  constructor(node: StateNode) {
    this.#node = node
  }

  /** @throws ServiceProblem 404 for a register that was deleted or never set */
  read(name: string): RegisterRead {
    return toRead(name, this.#node.state.register(name))
  }

  /** The names of all registers that have a value. */
  names(): string[] {
    const { state } = this.#node
    return [...state.registerNames()].filter(name => state.register(name)?.value !== undefined)
  }

  async set(name: string, value: Json): Promise<RegisterRead> {
    return toRead(name, await this.#write(name, value))
  }

  async delete(name: string): Promise<void> {
    if (this.#node.state.register(name)?.value !== undefined) await this.#write(name, undefined)
  }

  /** Stores a write of another node, if it is newer; returns the resulting register. */
  async notify(
    name: string,
    value: Json,
    { generation, notifier }: { generation: string; notifier: string },
  ): Promise<RegisterRead> {
    const register = { generation: readWhole(generation, maxNotifiedGeneration), writer: notifier, value }
    const outcome = await this.#node.notifyRegister(name, register).catch(throwProblem)
    if (outcome.kind !== 'written') refuse(outcome, `the register ${name}`)
    return toRead(name, outcome.register)
  }

  async #write(name: string, value: Json | undefined): Promise<RegisterEntry> {
    const outcome = await this.#node.setRegister(name, value).catch(throwProblem)
    if (outcome.kind !== 'written') refuse(outcome, `the register ${name}`)
    return outcome.register
  }
}

function toRead(name: string, register: RegisterEntry | undefined): RegisterRead {
  if (register?.value === undefined)
    throw new ServiceProblem(404, 'register-not-set', `the register ${name} is not set`)
  const { value, generation, writer } = register
  return { name, value, generation, writer }
}
