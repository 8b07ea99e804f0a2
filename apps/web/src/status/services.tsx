import type { ServiceStats } from '@darkroom/contracts'
import { Scrollable } from '../shell/scrollable.tsx'

/** Every instance of a service: whether it and its engine answer. */
export function Services({ services }: { services: readonly ServiceStats[] }) {
  return (
    <Scrollable label="Services">
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">State</th>
            <th scope="col">Engine</th>
            <th scope="col">Address</th>
          </tr>
        </thead>
        <tbody>
          {services.map(({ service, instance, url, engine = '', isReady, problem }) => (
            <tr key={`${service}/${instance}`}>
              <th scope="row">{service}</th>
              <td class={isReady ? 'ready' : 'ready is-not'}>
                {isReady ? 'ready' : (problem ?? 'not ready')}
              </td>
              <td>{engine}</td>
              <td class="id">{url}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  )
}
