import { spawnSync } from 'node:child_process'

/**
 * Builds a command that runs with its own mounts, which end with it. `setup` is a shell command that mounts; it runs
 * first.
 */
export function inMountNamespace(setup: string, command: readonly string[]): [string, ...string[]] {
  return ['unshare', '--mount', 'sh', '-c', `${setup} && exec "$@"`, 'sh', ...command]
}

/** Why tests can't mount file systems on this machine; false when they can. */
export function mountsAreMissing(): string | false {
  const [command, ...args] = inMountNamespace('mount -t tmpfs tmpfs /mnt', ['true'])
  return spawnSync(command, args).status === 0 ? false : 'mounting needs root and unshare(1)'
}
