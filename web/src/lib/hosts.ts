// Services grouped by the host that they belong to: an address with its persona.

export interface Listening {
  protocol: string;
  address: string;
  persona: string;
}

export interface HostServices {
  address: string;
  persona: string;
  /** Protocols with their ports, in the order in which they were given. */
  protocols: { protocol: string; ports: number[] }[];
}

/** Splits `192.0.2.1:23` or `[2001:db8::1]:23` at its port. */
function split(address: string): [string, number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))];
}

/** The hosts behind a list of services. */
export function hostsOf(services: readonly Listening[]): HostServices[] {
  const hosts = new Map<string, HostServices>();
  for (const service of services) {
    const [address, port] = split(service.address);
    const key = `${address} ${service.persona}`;
    const host = hosts.get(key) ?? { address, persona: service.persona, protocols: [] };
    hosts.set(key, host);
    const known = host.protocols.find((one) => one.protocol === service.protocol);
    if (known) known.ports.push(port);
    else host.protocols.push({ protocol: service.protocol, ports: [port] });
  }
  return [...hosts.values()];
}
