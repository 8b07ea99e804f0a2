import { spawnSync } from 'node:child_process'

/**
 * A command with its own mounts, which end with it: first `setup`, a line of shell that mounts, then the command in
 * the same process.
 */
export function inMountNamespace(setup: string, command: readonly string[]): [string, ...string[]] {
  return ['unshare', '--mount', 'sh', '-c', `${setup} && exec "$@"`, 'sh', ...command]
}

/** Why tests can't mount file systems on this machine; false when they can. */
export function mountsAreMissing(): string | false {
  const [command, ...args] = inMountNamespace('mount -t tmpfs tmpfs /mnt', ['true'])
  return spawnSync(command, args).status === 0 ? false : 'mounting needs root and unshare(1)'
}
