// What a port is commonly for (IANA's service names, and what malware looks for there).

const NAMES: Record<string, string> = {
  '21': 'ftp',
  '22': 'ssh',
  '23': 'telnet',
  '25': 'smtp',
  '80': 'http',
  '81': 'http',
  '110': 'pop3',
  '135': 'msrpc',
  '139': 'netbios',
  '143': 'imap',
  '443': 'https',
  '445': 'smb',
  '1433': 'mssql',
  '1883': 'mqtt',
  '2323': 'telnet',
  '3306': 'mysql',
  '3389': 'rdp',
  '5060': 'sip',
  '5432': 'postgresql',
  '5555': 'adb',
  '5900': 'vnc',
  '6379': 'redis',
  '7547': 'cwmp',
  '8080': 'http',
  '8443': 'https',
  '9200': 'elasticsearch',
  '27017': 'mongodb',
  '37215': 'upnp',
  '52869': 'upnp',
};

/** `23 telnet`; only the number where the port has no common name. */
export function portLabel(port: string): string {
  const name = NAMES[port];
  return name === undefined ? port : `${port} ${name}`;
}
