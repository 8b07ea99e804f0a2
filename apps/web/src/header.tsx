import { isLive } from './live/live.ts'
import { askForKey, session, signOut } from './session/session.ts'
import './shell/translated-text.ts'

type Place = 'images' | 'status' | 'docs'

const places: readonly (readonly [Place, string, string])[] = [
  ['images', './', 'Images'],
  ['status', './status', 'Status'],
  ['docs', './docs', 'Docs'],
]

/** The header of every page: the current page, whether changes arrive, and the user. */
export function Header({ here }: { here: Place }) {
  return (
    <header class="top">
      <a class="brand" href="./" aria-label="Darkroom, images">
        <Lamp />
        Darkroom
      </a>
      <nav aria-label="Pages">
        {places.map(([place, href, words]) => (
          <a key={place} href={href} aria-current={place === here ? 'page' : undefined}>
            {words}
          </a>
        ))}
      </nav>
      <span class={isLive.value ? 'live is-on' : 'live'}>
        {session.value.state === 'signed-out' ? '' : isLive.value ? 'Live' : 'Connecting'}
      </span>
      <Account />
    </header>
  )
}

function Account() {
  const current = session.value
  if (current.state === 'signed-in')
    return (
      <span class="account">
        <span class="account-name" translate={false}>
          {current.name ?? current.owner ?? current.role}
        </span>
        <button type="button" class="quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </span>
    )
  if (current.state === 'signed-out')
    return (
      <button type="button" class="primary account" onClick={() => (askForKey.value = true)}>
        Sign in
      </button>
    )
  return <span class="account" />
}

/** The safelight. */
function Lamp() {
  return (
    <svg class="lamp" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path class="lamp-shade" d="M12 2v3M5 14a7 7 0 0 1 14 0z" />
      <circle class="lamp-bulb" cx="12" cy="16" r="3" />
      <path class="lamp-rays" d="M12 21v1.5M7 19.6l-.9 1.2M17 19.6l.9 1.2" />
    </svg>
  )
}
