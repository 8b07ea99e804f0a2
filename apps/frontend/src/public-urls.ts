import { InvalidConfig } from '@darkroom/service-kit'

/** URLs separated by commas, each with a path or without. @throws InvalidConfig for what is not an http or https URL */
export function readPublicUrls(list: string): URL[] {
  const texts = list.split(',').map(text => text.trim())
  return texts.filter(text => text !== '').map(readPublicUrl)
}

function readPublicUrl(text: string): URL {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return url
  throw new InvalidConfig([
    `PUBLIC_URL must be http or https URLs, such as https://photos.example, separated by commas; got "${text}"`,
  ])
}
