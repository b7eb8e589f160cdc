// A quiet browser, and pages that remember what went wrong in them.

import { chromium } from 'playwright-core';

const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export const launch = () =>
  chromium.launch({ executablePath: process.env.UKAI_CHROMIUM ?? '/usr/bin/chromium', args: QUIET });

/**
 * A page whose faults are collected: errors and warnings of the console, exceptions,
 * violations of the Content-Security-Policy, requests to other origins, failures of the hub.
 */
export async function openPage(browser, base, options) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ''}`);
    });
  });
  const page = await context.newPage();
  const faults = [];
  /** What is expected just now, so that it does not count. */
  let expected = null;
  const note = (text) => {
    if (expected === null || !expected.test(text)) faults.push(`${new URL(page.url()).pathname}: ${text}`);
  };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) note(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith('data:')) note(`request to ${url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) note(`HTTP ${response.status()} ${response.url()}`);
  });
  return {
    context,
    page,
    faults,
    expect: (pattern) => {
      expected = pattern;
    },
  };
}

/** How long a page may take, in milliseconds. */
export const WAIT_MS = 15_000;

/** The page has drawn what it loads. */
export async function settled(page) {
  await page.locator('h1').first().waitFor({ state: 'attached', timeout: WAIT_MS });
  await page.waitForFunction(() => document.querySelector('main .skeleton') === null, null, { timeout: WAIT_MS });
  await page.evaluate(() => document.fonts.ready);
}

export async function logIn(page, base, token) {
  await page.goto(`${base}/login`);
  await page.locator('#token').fill(token);
  await page.locator('button[type=submit]').click();
  await page.waitForURL(`${base}/`, { timeout: WAIT_MS });
  await settled(page);
}

/** What is wrong with a page as it stands, for a reader: texts, names, contrast, width. */
export function inspect(page, { foreign, language, theme }) {
  return page.evaluate(
    ({ foreign, language, theme }) => {
      const wrong = [];
      const others = new Set(foreign);
      const root = document.documentElement;
      if (root.lang !== language) wrong.push(`lang is ${root.lang}`);
      if (root.dataset.theme !== theme) wrong.push(`theme is ${root.dataset.theme}`);
      if (root.scrollWidth > window.innerWidth) wrong.push(`wider than the window by ${root.scrollWidth - window.innerWidth}`);
      if (document.querySelectorAll('h1').length !== 1) wrong.push(`${document.querySelectorAll('h1').length} h1`);
      const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
      for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`id ${id} twice`);

      // Nothing that a peer named may be clickable.
      for (const link of document.querySelectorAll('a[href]')) {
        if (link.origin !== window.location.origin) wrong.push(`link to ${link.href}`);
      }

      // Whatever can be operated has a name.
      for (const control of document.querySelectorAll('button, a[href], input, select, textarea, [role=img], dialog[open]')) {
        if (control.closest('[hidden], dialog:not([open])')) continue;
        const label = control.labels?.length ? control.labels[0].textContent : '';
        const by = (control.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('');
        const name = [control.getAttribute('aria-label'), by, label, control.textContent].join('').trim();
        if (name === '') wrong.push(`no name: ${control.outerHTML.slice(0, 120)}`);
      }

      // Colours as drawn.
      const parse = (text) => {
        const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
        return text.startsWith('color(srgb') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
      };
      const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
      const backdrop = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) {
          const style = getComputedStyle(at);
          if (style.backgroundImage !== 'none') return null;
          const colour = parse(style.backgroundColor);
          if (colour[3] > 0) layers.push(colour);
          if (colour[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
      };
      const luminance = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((value) => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const opacity = (element) => {
        let all = 1;
        for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
        return all;
      };

      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const seen = new Set();
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.textContent.trim();
        const element = node.parentElement;
        if (text === '' || !element || !element.checkVisibility() || /^(SCRIPT|STYLE|NOSCRIPT)$/.test(element.tagName)) continue;
        if (/⟦|\bundefined\b|\bNaN\b|\[object |Invalid Date/.test(text)) wrong.push(`text: ${text.slice(0, 80)}`);
        if (others.has(text) && !element.closest('[lang]:not(html)') && !element.closest('pre, code, .mono')) wrong.push(`other language: ${text.slice(0, 80)}`);
        if (element.closest('button:disabled, svg, title, .hidden-visually, [aria-disabled=true], tr.fresh')) continue;
        const style = getComputedStyle(element);
        const below = backdrop(element);
        if (below === null) continue;
        const colour = parse(style.color);
        const shown = opacity(element);
        if (shown === 0) continue;
        colour[3] *= shown;
        const [light, dark] = [luminance(over(colour, below)), luminance(below)].sort((a, b) => b - a);
        const ratio = (light + 0.05) / (dark + 0.05);
        const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
        const key = `${style.color}${below}`;
        if (ratio < (large ? 3 : 4.5) && !seen.has(key)) {
          seen.add(key);
          wrong.push(`contrast ${ratio.toFixed(2)}: "${text.slice(0, 40)}" in ${element.className}`);
        }
      }
      return wrong;
    },
    { foreign: [...foreign], language, theme },
  );
}
