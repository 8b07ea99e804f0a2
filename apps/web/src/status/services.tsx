import type { ServiceStats } from '@darkroom/contracts'
import { filters, setFilters } from './filters.ts'

/** Every instance of a service: whether it and its engine answer. */
export function Services({ services }: { services: readonly ServiceStats[] }) {
  const { service: wanted = '', show } = filters.value
  const names = new Set<string>(services.map(({ service }) => service))
  if (wanted !== '') names.add(wanted) // such as of a service that has ended
  const shown = services.filter(
    ({ service, isReady }) => (wanted === '' || service === wanted) && (show !== 'problems' || !isReady),
  )
  const ready = services.filter(({ isReady }) => isReady).length
  return (
    <>
      <div class="inline services-head">
        <select
          aria-label="Service"
          value={wanted}
          onChange={event => setFilters({ service: event.currentTarget.value })}
        >
          <option value="">All services</option>
          {[...names].map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <span class="hint">
          {ready} of {services.length} ready
        </span>
      </div>
      {shown.length === 0 ? (
        <p class="hint">Nothing to show with these filters.</p>
      ) : (
        <ServiceTable services={shown} />
      )}
    </>
  )
}

function ServiceTable({ services }: { services: readonly ServiceStats[] }) {
  return (
    <table class="services" aria-label="Services">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">State</th>
          <th scope="col">Engine</th>
        </tr>
      </thead>
      <tbody>
        {services.map(({ service, instance, url, engine = '', isReady, problem }) => (
          <tr key={`${service}/${instance}`}>
            <th scope="row">
              {service}
              <Address url={url} />
            </th>
            <td class={isReady ? 'ready' : 'ready is-not'}>{isReady ? 'ready' : (problem ?? 'not ready')}</td>
            <td>{engine}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Below the name, so that the table fits on a phone. If it is too long, its line breaks after the scheme. */
function Address({ url }: { url: string }) {
  const place = url.indexOf('//') + 2
  return (
    <span class="id">
      {url.slice(0, place)}
      <wbr />
      {url.slice(place)}
    </span>
  )
}
