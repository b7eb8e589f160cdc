// Walks every page of the UI in a real browser, in both languages and themes, on a desk and on
// a phone. From the environment: UKAI_URL and UKAI_TOKEN (the hub, with something in it), and
// UKAI_SCREENSHOTS (a folder for pictures; none are taken without it).

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect, launch, logIn, openPage, settled, WAIT_MS } from './browser.mjs';
import { foreign, messages } from './messages.mjs';

const { UKAI_URL, UKAI_TOKEN, UKAI_SCREENSHOTS } = process.env;
assert.ok(UKAI_URL && UKAI_TOKEN, 'UKAI_URL and UKAI_TOKEN say which hub to walk');
const base = new URL(UKAI_URL).origin;
if (UKAI_SCREENSHOTS) mkdirSync(UKAI_SCREENSHOTS, { recursive: true });

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const shot = (page, name, fullPage = true) =>
  UKAI_SCREENSHOTS ? page.screenshot({ path: join(UKAI_SCREENSHOTS, `${name}.png`), fullPage }) : null;

/** Something of each kind to look at, from the API. */
async function things(context) {
  const items = async (path) => (await (await context.request.get(`${base}${path}`)).json()).items;
  const sessions = await items('/api/sessions?limit=200');
  const samples = await items('/api/samples?limit=200');
  const indicators = await items('/api/indicators?limit=200');
  assert.ok(sessions.length > 0 && samples.length > 0 && indicators.length > 0, 'the hub holds a session, a sample and an indicator');
  const byProtocol = (protocol) => sessions.find((one) => one.protocol === protocol && one.ended !== null);
  return {
    others: ['ssh', 'ftp', 'smtp'].flatMap((protocol) => (byProtocol(protocol) ? [[protocol, byProtocol(protocol).id]] : [])),
    session: sessions.find((one) => one.recorded && one.ended !== null && one.commands > 0) ?? sessions[0],
    sample: samples.find((one) => one.file_type === 'elf' && one.analysed === 'complete') ?? samples[0],
    script: samples.find((one) => one.file_type === 'shell-script'),
    indicator: indicators.find((one) => one.role === 'c2') ?? indicators[0],
  };
}

const pagesOf = (found) => [
  ['overview', '/'],
  ['overview-7d', '/?range=7d'],
  ['events', '/events'],
  ['events-filtered', '/events?kind=login.attempt'],
  ['events-none', '/events?src_ip=192.0.2.255&kind=fault'],
  ['sessions', '/sessions'],
  ['session', `/sessions/${found.session.id}`],
  ...found.others.map(([protocol, id]) => [`session-${protocol}`, `/sessions/${id}`]),
  ['sessions-searched', '/sessions?command=wget&has=recording'],
  ['credentials', '/credentials'],
  ['credentials-filtered', '/credentials?range=7d&protocol=telnet'],
  ['samples', '/samples'],
  ['samples-none', '/samples?q=no-such-sample-anywhere'],
  ['sample', `/samples/${found.sample.sha256}`],
  ['bytes', `/samples/${found.sample.sha256}/bytes`],
  ['texts', `/samples/${found.sample.sha256}/bytes?view=texts`],
  ['code', `/samples/${found.sample.sha256}/bytes?view=code`],
  ...(found.script ? [['sample-script', `/samples/${found.script.sha256}`]] : []),
  ['sandbox', '/sandbox'],
  ['indicators', '/indicators'],
  ['indicators-c2', '/indicators?role=c2&min_confidence=25'],
  ['indicator', `/indicators/${found.indicator.id}`],
  ['feeds', '/feeds'],
  ['telescope', '/telescope'],
  ['source', `/telescope/sources/${encodeURIComponent(found.session.src_ip)}`],
  ['unknown', '/no/such/page'],
];

for (const language of ['en', 'ja']) {
  for (const theme of ['dark', 'light']) {
    for (const device of ['desk', 'phone']) {
      const viewport = device === 'desk' ? { width: 1440, height: 900 } : { width: 380, height: 800 };
      test(`every page: ${language}, ${theme}, ${device}`, async () => {
        const { context, page, faults } = await openPage(browser, base, { viewport, locale: language === 'ja' ? 'ja-JP' : 'en-GB', colorScheme: theme });
        const others = foreign(language);
        const wrong = [];
        const look = async (name) => {
          const found = await inspect(page, { foreign: others, language, theme });
          wrong.push(...found.map((text) => `${name}: ${text}`));
          await shot(page, `${name}-${language}-${theme}-${device}`);
        };
        await page.goto(`${base}/login`);
        await page.locator('#token').waitFor();
        await look('login');
        await logIn(page, base, UKAI_TOKEN);
        for (const [name, path] of pagesOf(await things(context))) {
          await page.goto(`${base}${path}`);
          await settled(page);
          await look(name);
          const text = await page.locator('h1').first().textContent();
          assert.ok((text ?? '').trim() !== '', `${name} has a heading`);
        }
        await context.close();
        assert.deepEqual([...wrong, ...faults], []);
      });
    }
  }
}

describe('by hand', () => {
  const en = messages.en;
  let opened;
  let page;
  before(async () => {
    opened = await openPage(browser, base, { locale: 'en-GB', colorScheme: 'dark' });
    page = opened.page;
  });
  after(() => opened?.context.close());

  test('who is not logged in is sent to the log-in, and back to where they wanted to go', async () => {
    opened.expect(/401/);
    await page.goto(`${base}/events?kind=login.attempt`);
    await page.waitForURL(/\/login\?next=/, { timeout: WAIT_MS });
    await page.locator('button[type=submit]').click();
    await page.getByText(en['login.empty']).waitFor();
    await page.locator('#token').fill('not-the-token');
    await page.keyboard.press('Enter');
    await page.getByText(en['login.wrong']).waitFor({ timeout: WAIT_MS });
    await shot(page, 'login-wrong', false);
    await page.locator('#token').fill(UKAI_TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${base}/events?kind=login.attempt`, { timeout: WAIT_MS });
    await settled(page);
    opened.expect(null);
    assert.equal(await page.locator('.filters select').first().inputValue(), 'login.attempt');
  });

  test('the keyboard is enough', async () => {
    await page.goto(`${base}/`);
    await settled(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), en['app.skip']);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    for (const [key, path] of [['e', '/events'], ['s', '/sessions'], ['c', '/credentials'], ['m', '/samples'], ['b', '/sandbox'], ['i', '/indicators'], ['f', '/feeds'], ['o', '/']]) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.waitForURL(`${base}${path}`, { timeout: WAIT_MS });
    }
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    await shot(page, 'help', false);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });

    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'combobox');
    await page.keyboard.type('198.51.100.1');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await shot(page, 'search', false);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${base}/events?src_ip=198.51.100.1`, { timeout: WAIT_MS });

    await page.goto(`${base}/sessions`);
    await settled(page);
    await page.locator('[data-row]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    const at = await page.evaluate(() => [...document.querySelectorAll('[data-row]')].indexOf(document.activeElement));
    const rows = await page.locator('[data-row]').count();
    assert.equal(at, Math.min(1, rows - 1));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sessions\/[0-9a-f-]{36}$/, { timeout: WAIT_MS });
    await page.goBack();
    await page.waitForURL(`${base}/sessions`);
  });

  test('events are live, can be paused, and show all of themselves', async () => {
    await page.goto(`${base}/events`);
    await settled(page);
    await page.locator('.live.live').waitFor({ timeout: WAIT_MS });
    await page.getByRole('button', { name: en['events.pause'] }).click();
    await page.getByRole('button', { name: en['events.resume'] }).waitFor();
    await page.locator('button[data-row]').first().click();
    const json = await page.locator('tr.detail pre').first().textContent();
    assert.match(json ?? '', /"kind": "/);
    await shot(page, 'event-open', false);
    await page.getByRole('button', { name: en['events.resume'] }).click();
    const before = new URL(page.url()).search;
    await page.locator('.filters select').first().selectOption('session.open');
    await page.waitForURL(/kind=session\.open/);
    assert.notEqual(new URL(page.url()).search, before);
    await page.locator('tbody tr').first().waitFor({ timeout: WAIT_MS });
  });

  test('a recorded terminal plays, seeks and stops', async (t) => {
    const { session } = await things(opened.context);
    if (!session.recorded) return t.skip('no recorded session');
    await page.goto(`${base}/sessions/${session.id}`);
    await settled(page);
    const screen = page.locator('.screen pre');
    await page.waitForFunction(() => (document.querySelector('.screen pre')?.textContent ?? '').trim() !== '', null, { timeout: WAIT_MS });
    const whole = await screen.textContent();
    await page.locator('.controls input[type=range]').fill('0');
    await page.waitForFunction((text) => document.querySelector('.screen pre')?.textContent !== text, whole);
    await page.locator('.controls select').selectOption('16');
    await page.locator('.controls button.primary').click();
    await page.waitForFunction((text) => document.querySelector('.screen pre')?.textContent === text, whole, { timeout: 60_000 });
  });

  test('a recording is searched, stepped through by keys, enlarged and taken away', async (t) => {
    const { session } = await things(opened.context);
    if (!session.recorded) return t.skip('no recorded session');
    await page.goto(`${base}/sessions/${session.id}`);
    await settled(page);
    const at = async () => Number(await page.locator('.controls input[type=range]').inputValue());
    const text = page.locator('.screen pre');
    await page.waitForFunction(() => (document.querySelector('.screen pre')?.textContent ?? '').trim() !== '', null, { timeout: WAIT_MS });
    const word = /[a-z]{5,}/.exec((await text.textContent()) ?? '')?.[0] ?? '';
    assert.notEqual(word, '', 'the recording has a word in it');
    const end = await at();

    await page.locator('.screen').focus();
    await page.keyboard.press('/');
    await page.keyboard.type(word.toUpperCase());
    await page.keyboard.press('Enter');
    await page.locator('.screen .found').first().waitFor({ timeout: WAIT_MS });
    assert.match((await page.locator('.controls .search').textContent()) ?? '', /1 \/ \d/);
    await shot(page, 'player-search', false);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    assert.equal(await at(), 0);
    await page.keyboard.press(']');
    const first = await at();
    assert.ok(first > 0 && first <= end, `the first mark is at ${first} of ${end}`);
    await page.keyboard.press('End');
    assert.ok(Math.abs((await at()) - end) < 0.1);
    await page.keyboard.press('>');
    assert.equal(await page.locator('.controls select').inputValue(), '2');

    await page.keyboard.press('f');
    await page.locator('.player.full').waitFor();
    await shot(page, 'player-full', false);
    await page.keyboard.press('Escape');
    await page.locator('.player.full').waitFor({ state: 'detached' });
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByLabel(en['replay.download']).click()]);
    assert.equal(file.suggestedFilename(), `${session.id}.cast`);
    await page.getByRole('button', { name: new RegExp(en['replay.screen']) }).click();
    await page.getByText(en['common.copied'], { exact: true }).first().waitFor({ state: 'attached' });
    assert.ok((await page.evaluate(() => navigator.clipboard.readText())).includes(word));
  });

  test('sessions are found by their words, and log-ins are filtered and taken away', async () => {
    await page.goto(`${base}/sessions`);
    await settled(page);
    await page.getByLabel(en['sessions.command']).fill('no such command anywhere');
    await page.keyboard.press('Enter');
    await page.waitForURL(/command=no/);
    await page.getByText(en['sessions.emptyFiltered']).waitFor({ timeout: WAIT_MS });
    await page.goto(`${base}/credentials`);
    await settled(page);
    const links = page.getByLabel(/Export/);
    assert.equal(await links.count(), 15);
    const [file] = await Promise.all([page.waitForEvent('download'), links.first().click()]);
    assert.match(file.suggestedFilename(), /^ukai-users\./);
    await page.getByRole('button', { name: en['range.1h'] }).click();
    await page.waitForURL(/range=1h/);
  });

  test('values are copied exactly', async () => {
    const { sample } = await things(opened.context);
    await page.goto(`${base}/samples/${sample.sha256}`);
    await settled(page);
    await page.getByRole('button', { name: /SHA-256/ }).first().click();
    await page.getByText(en['common.copied'], { exact: true }).first().waitFor({ state: 'attached' });
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), sample.sha256);
  });

  test('texts of a sample are searched, and its bytes looked at where they stand', async () => {
    const { sample } = await things(opened.context);
    await page.goto(`${base}/samples/${sample.sha256}/bytes?view=texts`);
    await settled(page);
    const first = page.locator('main table tr').first();
    const place = await first.locator('a').innerText();
    const text = (await first.locator('td').last().innerText()).trim();
    await page.getByLabel(en['bytes.find']).fill(text);
    await page.keyboard.press('Enter');
    await page.waitForURL(/find=/);
    await settled(page);
    assert.equal(await first.locator('a').innerText(), place);
    await first.locator('a').click();
    await page.waitForURL(/view=bytes/);
    await settled(page);
    const row = Number(place) - (Number(place) % 16);
    assert.match(await first.innerText(), new RegExp(`^${row.toString(16).padStart(8, '0')}`));
    await page.getByLabel(en['sample.offset']).fill('0x10');
    await page.keyboard.press('Enter');
    await page.waitForURL(/offset=0x10/);
    await settled(page);
    assert.match(await first.innerText(), /^00000010/);
    await shot(page, 'bytes-at', false);
  });

  test('a false positive is reported and taken back', async () => {
    const { indicator } = await things(opened.context);
    await page.goto(`${base}/indicators/${indicator.id}`);
    await settled(page);
    await page.getByRole('button', { name: en['indicator.fp'] }).click();
    await page.locator('dialog[open] input').fill('a test of the user interface');
    await shot(page, 'false-positive', false);
    await page.locator('dialog[open] button[type=submit]').click();
    await page.getByText('a test of the user interface').waitFor({ timeout: WAIT_MS });
    await page.getByRole('button', { name: en['indicator.fpUndo'] }).click();
    await page.getByRole('button', { name: en['indicator.fp'] }).waitFor({ timeout: WAIT_MS });
  });

  test('what is missing is said, with a way to try again', async () => {
    opened.expect(/404/);
    await page.goto(`${base}/samples/${'0'.repeat(64)}`);
    await page.getByText(en['error.notFound']).waitFor({ timeout: WAIT_MS });
    await page.getByRole('button', { name: en['common.retry'] }).waitFor();
    await shot(page, 'missing', false);
    opened.expect(null);
  });

  test('language and theme are remembered', async () => {
    await page.goto(`${base}/`);
    await settled(page);
    await page.getByRole('button', { name: en['prefs.open'] }).click();
    await page.getByRole('button', { name: '日本語' }).click();
    await page.getByRole('button', { name: messages.ja['prefs.theme.light'] }).click();
    await page.reload();
    await settled(page);
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]), ['ja', 'light']);
    await page.getByRole('heading', { name: messages.ja['nav.overview'], exact: true }).waitFor();
  });

  test('logging out ends the session', async () => {
    opened.expect(/401/);
    await page.getByRole('button', { name: messages.ja['nav.logout'] }).click();
    await page.waitForURL(`${base}/login`);
    assert.equal((await opened.context.request.get(`${base}/api/me`)).status(), 401);
    opened.expect(null);
  });

  test('nothing went wrong on the way', () => assert.deepEqual(opened.faults, []));
});
