import { expect, test } from 'vitest';
import { hostsOf } from './hosts';

test('services are grouped by host and protocol', () => {
  const service = (protocol: string, address: string, persona: string) => ({ protocol, address, persona });
  expect(
    hostsOf([
      service('telnet', '127.0.0.1:23', 'router'),
      service('raw', '127.0.0.1:5555', 'router'),
      service('raw', '127.0.0.1:7547', 'router'),
      service('telnet', '[::1]:23', 'router'),
    ]),
  ).toEqual([
    {
      address: '127.0.0.1',
      persona: 'router',
      protocols: [
        { protocol: 'telnet', ports: [23] },
        { protocol: 'raw', ports: [5555, 7547] },
      ],
    },
    { address: '::1', persona: 'router', protocols: [{ protocol: 'telnet', ports: [23] }] },
  ]);
});
