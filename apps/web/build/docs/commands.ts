/** The command line does more than send requests, so these lines are written by hand, for each route by its name. */
const commands: Readonly<Record<string, string>> = {
  uploadImage: 'npx darkroom develop photo.jpg --operations resize:800x,format:webp -o developed/',
  newImage: 'npx darkroom develop photo.jpg -o developed/',
  createUpload: 'npx darkroom develop large.tif -o developed/   # in pieces, if it is above 8 MiB',
  getImage: 'npx darkroom develop photo.jpg --json   # waits for the end, and prints the document',
  getResult: 'npx darkroom develop photo.jpg -o developed/   # waits, and writes the result',
  getVariant: 'npx darkroom develop photo.jpg --variant thumb=resize:200x200 -o developed/',
  retryImage: 'npx darkroom retry $id',
  retryImages: 'npx darkroom retry --all --since 2h',
  deleteImage: 'npx darkroom delete $id',
  listPresets: 'npx darkroom presets',
  putPreset: 'npx darkroom presets create $name --operations resize:1600x',
  deletePreset: 'npx darkroom presets delete $name',
  getStats: 'npx darkroom status',
  setIntake: 'npx darkroom intake pause   # or open',
  createKey: 'npx darkroom keys create --role user --owner shop --name "the web shop"',
  listKeys: 'npx darkroom keys list',
  revokeKey: 'npx darkroom keys revoke $id',
  rotateKey: 'npx darkroom keys rotate $id --keep 1d',
  getWebhookSecret: 'npx darkroom webhooks secret',
  rotateWebhookSecret: 'npx darkroom webhooks rotate --keep 1d',
}

/** The command that does the same as the request; undefined if the command line has none. */
export function commandFor(route: string): string | undefined {
  return commands[route]
}
