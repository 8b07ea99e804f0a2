export interface Job {
  id: string
}

/** The settings of the server and the worker. */
export function readSettings() {
  const { FOLDER, REDIS_PORT, PORT, WAY } = process.env
  if (FOLDER === undefined) throw new Error('FOLDER is missing')
  return {
    folder: FOLDER,
    connection: { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null },
    port: Number(PORT),
    way: WAY,
  }
}
