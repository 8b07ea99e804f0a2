/** Runs an action that is not asynchronous without the rights of the superuser, who may read and write every file. */
export function asOrdinaryUser(action: () => void): void {
  const isSuperuser = process.geteuid?.() === 0
  if (isSuperuser) process.seteuid?.(65_534)
  try {
    action()
  } finally {
    if (isSuperuser) process.seteuid?.(0)
  }
}
