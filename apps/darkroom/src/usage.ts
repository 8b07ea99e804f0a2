const usage = `Darkroom: self-hosted, asynchronous image processing

  darkroom start                        runs all services in this process
  darkroom develop <image…> [options]   uploads images (files, folders or URLs), waits, and writes the results
      -o, --out <folder>                the folder for the results (default: developed/)
      --operations <list>               the operations to apply (default: swap-channels:bgr)
      --variant <name>=<list>           adds a result, name_thumb.webp for thumb=format:webp; can be repeated
      --preset <name>                   uses a preset; --operations and --variant replace its operations and variants
      --concurrency <count>             how many images to develop at once (default: 8)
      --json                            prints one line of JSON for each image on standard output
      --url <url>                       the URL of Darkroom (default: DARKROOM_URL, else HOST and PORT)
      --key <key>                       the API key, if one is needed (default: DARKROOM_KEY)
  darkroom presets                      lists the presets with their operations
  darkroom presets create <name>        creates or replaces a preset with --operations and --variant
  darkroom presets show <name>          shows the operations of a preset
  darkroom presets delete <name>        deletes a preset; images that were developed with it stay
      --url, --key, --json              as for develop
  darkroom retry <id…>                  develops failed images again
  darkroom retry --all                  develops all failed images again, or only those that match:
      --type <problem>                  failed for this reason, such as took-too-long
      --owner <name>, --preset <name>   belong to this owner; were uploaded with this preset
      --since <time>                    arrived within a duration (2h), or since an instant (2026-01-31T10:00:00Z)
      --url, --key, --json              as for develop
  darkroom delete <id…>                 deletes images with their results
      --url, --key, --json              as for develop
  darkroom status                       shows which services are ready, and how many images are waiting
  darkroom intake <pause|open|show>     makes every frontend refuse uploads (503) or accept them; or shows the state
      --url <url>                       a node of cluster-state to use if kv-config is unreachable
  darkroom keys create [options]        creates an API key, and prints it once; after the first, every request needs a key
      --role <user|operator>            operators see all images, and manage keys (default: user)
      --owner <name>                    the owner whose images the key can see (default: the id of the key)
      --name <words>                    a note about who uses the key, and where
      --expires <duration>              when the key expires, such as 90d (default: never)
      --callback <url>                  where webhooks about its images are sent (default: nowhere)
  darkroom keys list                    lists all API keys, without their secrets
  darkroom keys revoke <id>             revokes a key at once
  darkroom keys rotate <id>             replaces a key with a new key for the same owner
      --keep <duration>                 how long the old key stays valid, such as 1d (default: not at all)
  darkroom erase --owner <name> [--yes] revokes all keys of an owner, and deletes all its images and uploads
  darkroom token worker                 prints WORKER_TOKEN, which gives workers access only to the routes that they need
  darkroom webhooks secret              prints the secret that signs webhooks
      --owner <name>                    the owner whose webhooks it signs (default: for uploads without a key)
  darkroom webhooks rotate              creates a new secret
      --owner <name>                    as above
      --keep <duration>                 how long the old secret also signs, such as 12h (default: 1d)
  darkroom new-node-id                  gives a copied data folder a new node id
  darkroom migrate task-db [options]    copies all tasks to another engine, then compares them
      --from <url>, --to <url>          sqlite:<path>, or postgres://<user>:<password>@<host>/<database>
  darkroom migrate kv-config [options]  copies all entries except registrations to another engine
      --from <url>, --to <url>          sqlite:<path>, or etcd://<host>:2379,…
  darkroom migrate storage [options]    copies all originals and results to another engine
      --from <url>, --to <url>          file:<folder>, or s3://<bucket>?endpoint=<url>

Environment variables configure start: PORT (of the frontend; the other services use the next ports), HOST, DATA_DIR,
LOG_LEVEL, LOG_FORMAT, THREADS, and the settings of each service (see its README). The other commands need the same PORT,
HOST and DATA_DIR.
`

const [title = '', ...commands] = usage.split(/^(?= {2}darkroom )/m)

/** The help for one command, or for all commands if this name is not a command. */
export function usageOf(name: string | undefined): string {
  const ofCommand = commands.filter(text => text.split(/\s+/)[2] === name)
  if (ofCommand.length === 0) return usage
  const text = ofCommand.join('').split('\n\n')[0]
  return `${title}${text?.trimEnd()}\n\nnpx darkroom help lists all commands and settings.\n`
}
