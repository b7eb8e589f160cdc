// Looks at one page in a real browser, in both languages, on a desk and on a phone. From the
// environment: UKAI_URL and UKAI_TOKEN (the hub), UKAI_PAGE (the page's path), UKAI_TEXTS (lines,
// each of which must be readable on it), and UKAI_SCREENSHOTS (a folder for pictures; none are
// taken without it).

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect, launch, logIn, openPage, settled } from './browser.mjs';
import { foreign } from './messages.mjs';

const { UKAI_URL, UKAI_TOKEN, UKAI_PAGE, UKAI_TEXTS = '', UKAI_SCREENSHOTS } = process.env;
assert.ok(UKAI_URL && UKAI_TOKEN && UKAI_PAGE, 'UKAI_URL, UKAI_TOKEN and UKAI_PAGE say what to look at');
const base = new URL(UKAI_URL).origin;
const texts = UKAI_TEXTS.split('\n').filter((text) => text !== '');
if (UKAI_SCREENSHOTS) mkdirSync(UKAI_SCREENSHOTS, { recursive: true });

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const language of ['en', 'ja']) {
  for (const width of [1440, 375]) {
    test(`${language}, ${width} pixels wide`, async () => {
      const options = { viewport: { width, height: 900 }, locale: language === 'ja' ? 'ja-JP' : 'en-GB', colorScheme: 'dark' };
      const { context, page, faults } = await openPage(browser, base, options);
      await logIn(page, base, UKAI_TOKEN);
      await page.goto(`${base}${UKAI_PAGE}`);
      await settled(page);
      const wrong = await inspect(page, { foreign: foreign(language), language, theme: 'dark' });
      const shown = await page.locator('main').innerText();
      wrong.push(...texts.filter((text) => !shown.includes(text)).map((text) => `not there: ${text}`));
      if (UKAI_SCREENSHOTS) {
        const name = UKAI_PAGE.replaceAll(/[^\w]+/g, '-').slice(0, 40);
        await page.screenshot({ path: join(UKAI_SCREENSHOTS, `${name}-${language}-${width}.png`), fullPage: true });
      }
      await context.close();
      assert.deepEqual([...wrong, ...faults], []);
    });
  }
}
