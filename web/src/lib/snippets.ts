// How a feed is loaded into the software that enforces it: text to copy, in the software's own
// language. The feed's token is never in it; it is read from the environment.

import type { Feed } from './api/types';

export interface Snippet {
  /** Name of the software; not translated. */
  name: string;
  text: string;
}

/** A fetch that costs nothing when the feed has not changed, and never leaves half a file. */
function fetching(url: string, file: string): string {
  return [
    `curl -fsS -u "feed:$UKAI_FEED_TOKEN" \\`,
    `  --etag-compare ${file}.etag --etag-save ${file}.etag \\`,
    `  -o ${file}.new ${url} \\`,
    `  && [ -s ${file}.new ] && mv ${file}.new ${file}`,
  ].join('\n');
}

/** The snippets for a feed under `origin`, most fitting first. */
export function snippets(feed: Pick<Feed, 'file' | 'url'>, origin: string): Snippet[] {
  const url = new URL(feed.url === '' ? `/feeds/${feed.file}` : feed.url, origin).href;
  const curl: Snippet = { name: 'curl', text: fetching(url, feed.file) };
  if (feed.file.endsWith('.zone')) {
    return [bind(url, feed.file), unbound(url, feed.file), curl];
  }
  if (feed.file.endsWith('.nft')) {
    const load = [
      `${fetching(url, feed.file)} \\`,
      `  && nft -c -f ${feed.file} && nft -f ${feed.file}`,
      '',
      '# once: rules that use the sets',
      `nft add chain inet ukai guard '{ type filter hook prerouting priority -150; }'`,
      ...['4', '6'].flatMap((v) => ['saddr', 'daddr'].map((end) => `nft add rule inet ukai guard ${v === '4' ? 'ip' : 'ip6'} ${end} @blocked_v${v} counter drop`)),
    ];
    return [{ name: 'nftables', text: load.join('\n') }, curl];
  }
  return [curl];
}

function bind(url: string, file: string): Snippet {
  const text = [
    `// named.conf`,
    `options {`,
    `  response-policy { zone "rpz.ukai"; } min-update-interval 5;`,
    `};`,
    `zone "rpz.ukai" {`,
    `  type primary;`,
    `  file "/var/lib/bind/${file}";`,
    `  allow-query { localhost; };`,
    `};`,
    ``,
    `# in /var/lib/bind, every few minutes`,
    `${fetching(url, file)} \\`,
    `  && rndc reload rpz.ukai`,
  ];
  return { name: 'BIND', text: text.join('\n') };
}

function unbound(url: string, file: string): Snippet {
  const text = [
    `# unbound.conf`,
    `server:`,
    `  module-config: "respip validator iterator"`,
    `rpz:`,
    `  name: rpz.ukai`,
    `  zonefile: /var/lib/unbound/${file}`,
    `  rpz-log: yes`,
    `  rpz-log-name: ukai`,
    ``,
    `# in /var/lib/unbound, every few minutes`,
    `${fetching(url, file)} \\`,
    `  && unbound-control auth_zone_reload rpz.ukai`,
  ];
  return { name: 'Unbound', text: text.join('\n') };
}
