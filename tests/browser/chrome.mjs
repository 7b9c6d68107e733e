// Starts a headless Chromium, the one at $CHROMIUM, and listens to what a page does.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const flags = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--autoplay-policy=no-user-gesture-required',
]

// unsigned takes the queries, which may be signatures, out of the URLs in a text.
export const unsigned = text => text.replace(/(https?:\/\/[^\s?]+)\?\S*/g, '$1')

// listen collects what the page does apart from what it is asked to.
export function listen(page, url) {
  const origin = new URL(url).origin
  const consoleErrors = []
  const outside = new Set()
  page.on('console', m => m.type() === 'error' && consoleErrors.push(unsigned(`${m.text()} ${m.location().url}`.trim())))
  page.on('pageerror', e => consoleErrors.push(unsigned(String(e))))
  page.on('request', r => {
    const to = new URL(r.url())
    if (/^https?:$/.test(to.protocol) && to.origin !== origin) outside.add(to.origin + to.pathname)
  })
  return { consoleErrors, outside }
}

// within calls use with a page of a browser of its own, which ends with it.
export async function within(options, use) {
  const profile = await mkdtemp(join(tmpdir(), 'sluice-browser-'))
  let browser
  try {
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM, headless: true, chromiumSandbox: false, args: flags,
      viewport: { width: 1280, height: 720 }, ...options,
    })
    const page = browser.pages()[0] ?? await browser.newPage()
    const crash = new Promise((_, reject) => page.on('crash', () => reject(new Error('the page crashed'))))
    return await Promise.race([use(page), crash])
  } finally {
    await browser?.close()
    await rm(profile, { recursive: true, force: true })
  }
}
