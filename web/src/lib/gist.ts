// The decisive part of an event in one line, for a table. Values only, no words to translate.

import type { Event } from './api/types';
import { bytes, duration, short } from './format';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const join = (...parts: string[]): string => parts.filter((part) => part !== '').join('  ');

/** One line that tells what happened. */
export function gist(event: Event): string {
  switch (event.kind) {
    case 'session.open':
      return join(text(event.protocol), text(event['persona']));
    case 'session.close':
      return join(
        text(event['reason']),
        duration(number(event['duration_ms'])),
        `↓${bytes(number(event['bytes_in']))} ↑${bytes(number(event['bytes_out']))}`,
      );
    case 'protocol.recognised':
      return text(event.protocol);
    case 'payload.first':
      return join(text(event.protocol), bytes(number(event['size'])), text(event['payload']));
    case 'client.fingerprint':
      return join(text(event['method']), text(event['value']), text(event['software']));
    case 'tls.hello':
      return join(text(event['server_name']), text(event['ja4']));
    case 'login.attempt':
      return join(`${text(event['user'])} : ${text(event['password'])}`, text(event['method']), text(event['proof']), event['success'] === true ? '✓' : '✗');
    case 'login.canary':
      return join(text(event['user']), text(event['note']));
    case 'service.request':
      return join(text(event.protocol), text(event['request']), text(event['detail']));
    case 'file.transfer':
      return join(text(event['operation']), text(event['path']), number(event['size']) > 0 ? bytes(number(event['size'])) : '', event['success'] === false ? '✗' : '');
    case 'tunnel.request':
      return join(text(event['how']), `${text(event['host'])}:${number(event['port'])}`, event['granted'] === true ? '✓' : '✗');
    case 'mail.received':
      return join(text(event['from']), '→', `${number(event['recipients'])}`, text(event['subject']));
    case 'command.input':
      return text(event['line']);
    case 'command.executed':
      return join(text(event['arguments']) || text(event['path']), short(text(event.sha256)));
    case 'http.request':
      return join(text(event['method']), text(event['target']), `→ ${number(event['status'])}`);
    case 'attack.recognised':
      return join(text(event['attack']), text(event['detail']));
    case 'download.request':
      return join(text(event['tool']), text(event['url']));
    case 'download.result':
      return join(text(event['outcome']), text(event['url']), number(event['size']) > 0 ? bytes(number(event['size'])) : text(event['error']));
    case 'sample.captured':
      return join(text(event['how']), text(event['name']), bytes(number(event['size'])), short(text(event.sha256)));
    case 'analysis.done':
      return join(text(event['engine']), text(event['outcome']), short(text(event.sha256)), duration(number(event['duration_ms'])));
    case 'sandbox.done':
      return join(short(text(event.sha256)), `${number(event['score'])}`, duration(number(event['duration_ms'])));
    case 'antivirus.done':
      return join(short(text(event.sha256)), text(event['family']), `${number(event['detected'])} / ${number(event['detected']) + number(event['clean'])}`, number(event['not_scanned']) > 0 ? `${number(event['not_scanned'])} ?` : '');
    case 'lookup.done':
      return join(short(text(event.sha256)), text(event['name']), `${number(event['malicious'])} / ${number(event['malicious']) + number(event['known']) + number(event['unknown'])}`);
    case 'sample.judged':
      return join(short(text(event.sha256)), text(event['verdict']), Array.isArray(event['tags']) ? event['tags'].join(' ') : '');
    case 'indicator.new':
      return join(text(event['role']), text(event['value']), `${number(event['confidence'])}`);
    case 'syn.unanswered':
      return join(text(event['prefix']), `${number(event['syns'])} SYN`);
    case 'dns.query':
      return join(text(event['name']), text(event['record']), text(event['code']));
    case 'destination':
      return text(event['name']);
    case 'chat.message':
      return join(text(event['from']), text(event['target']), text(event['text']));
    case 'traffic.outgoing':
      return join(text(event['traffic']), text(event['packets_of']), `${number(event['packets'])}`);
    case 'dns.generated':
      return `${number(event['names'])}`;
    case 'telescope.attack':
      return join(text(event['state']), text(event['victim']), `${number(event['packets'])}`);
    case 'telescope.scanner':
      return join(text(event['state']), text(event['source']), text(event['tool']), `${number(event['packets'])}`);
    case 'telescope.rise':
    case 'telescope.port':
      return join(text(event['port']), `${number(event['sources'])}`);
    case 'telescope.country':
      return join(text(event['country']) || '?', `${number(event['sources'])}`);
    case 'telescope.system':
      return join(typeof event['asn'] === 'number' ? `AS${event['asn']}` : '?', text(event['as_name']), `${number(event['sources'])}`);
    case 'telescope.blocks':
      return Array.isArray(event['blocks']) ? `${event['blocks'].length}` : '';
    case 'telescope.interval':
      return `${number(event['packets'])}`;
    case 'limit.reached':
      return join(text(event['limit']), text(event['detail']));
    case 'fault':
      return join(text(event['component']), text(event['detail']));
    default:
      return '';
  }
}

/** How an event should strike the eye. */
export type Tone = 'quiet' | 'plain' | 'probe' | 'attack' | 'capture' | 'result' | 'trouble';

export function tone(kind: string): Tone {
  switch (kind) {
    case 'session.open':
    case 'session.close':
    case 'protocol.recognised':
      return 'quiet';
    case 'login.attempt':
    case 'payload.first':
    case 'http.request':
    case 'service.request':
    case 'tls.hello':
    case 'client.fingerprint':
      return 'probe';
    case 'command.input':
    case 'command.executed':
    case 'login.canary':
    case 'tunnel.request':
    case 'attack.recognised':
      return 'attack';
    case 'download.request':
    case 'download.result':
    case 'file.transfer':
    case 'mail.received':
    case 'sample.captured':
      return 'capture';
    case 'analysis.done':
    case 'sandbox.done':
    case 'antivirus.done':
    case 'lookup.done':
    case 'sample.judged':
    case 'indicator.new':
      return 'result';
    case 'limit.reached':
    case 'fault':
      return 'trouble';
    default:
      return 'plain';
  }
}
