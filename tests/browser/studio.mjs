// TOKEN=… node studio.mjs URL SCENE [--file FILE] [--shots FOLDER] [--width N] [--dark] [--timeout SECONDS]
//
// Does in the studio at URL what a person would, and prints as JSON what it saw. Exits 1, with the reason on stderr, if
// something is not as it should be.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { listen, unsigned, within } from './chrome.mjs'

const { values, positionals: [url, scene] } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string' }, shots: { type: 'string' }, width: { type: 'string', default: '1280' },
    dark: { type: 'boolean', default: false }, timeout: { type: 'string', default: '30' },
  },
})
const token = process.env.TOKEN
const patience = Number(values.timeout) * 1000
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' })

async function enter(page, words = token) {
  await page.goto(url)
  await page.getByLabel('API token').fill(words)
  await page.keyboard.press('Enter')
}

async function home(page) {
  await enter(page)
  await page.getByRole('heading', { name: 'All videos' }).waitFor()
}

const choose = (page, files) => page.locator('input[type=file]').setInputFiles(files)
const way = (page, n = 0) => page.locator('.ways > li').nth(n)

// audit runs axe on what is shown. Colours are judged without what moves.
async function audit(page) {
  await page.evaluate(await readFile(axe, 'utf8'))
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  const found = violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`))
  assert.deepEqual(found, [], `axe at ${page.url()}`)
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(wide[0] <= wide[1], `${page.url()} is ${wide[0]} px wide, the window ${wide[1]}`)
}

async function shot(page, name) {
  if (!values.shots) return
  await page.evaluate(() => document.activeElement?.blur())
  await page.screenshot({ path: join(values.shots, `${name}-${values.width}-${values.dark ? 'dark' : 'light'}.png`), fullPage: true })
}

// playing waits until the video has played on for a while.
async function playing(page) {
  await page.locator('video').evaluate(v => { v.muted = true; v.play() })
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0.8, null, { timeout: patience })
}

const scenes = {
  // wrong tokens are told apart from each other, and a good one is nowhere but in memory.
  async token(page) {
    await enter(page, 'hello')
    await page.getByText('This is no token').waitFor()
    await enter(page, 'slc_aaaa_bbbb')
    await page.getByText('The API does not take this token').waitFor()
    await home(page)
    const kept = await page.evaluate(async () => JSON.stringify([
      location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), await caches.keys(),
      document.documentElement.outerHTML, performance.getEntriesByType('resource').map(r => r.name), history.state,
    ]))
    assert.ok(!kept.includes(token), 'the token is in the page')
    await page.reload()
    await page.getByLabel('API token').waitFor()
    return { expected: ['401'] }
  },

  // upload sends a file and stays with it until it plays.
  async upload(page) {
    await home(page)
    await choose(page, values.file)
    const began = Date.now(), seen = new Set()
    const watch = way(page).getByRole('link', { name: /^Watch / })
    while (!await watch.isVisible()) {
      assert.ok(Date.now() - began < patience, `not ready in time: ${await way(page).innerText()}`)
      seen.add((await way(page).locator('.count').innerText()).replace(/^[\d.,]+ [kM]?B of .*/, 'sending'))
      await page.waitForTimeout(50)
    }
    const seconds = (Date.now() - began) / 1000
    await shot(page, 'uploaded')
    await watch.click()
    await page.getByRole('heading', { level: 1, name: basename(values.file, extname(values.file)) }).waitFor()
    await playing(page)
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.getByText('+', { exact: false }).first().waitFor()
    const hops = await page.locator('.waterfall tbody tr').count()
    await shot(page, 'video')
    await audit(page)
    return { seen: [...seen], seconds, hops }
  },

  // cancel gives up an upload whose parts are held back.
  async cancel(page) {
    await home(page)
    await page.route('**', route => route.request().method() === 'PUT' ? undefined : route.fallback())
    await choose(page, { name: 'long.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(3 << 20) })
    const held = await page.waitForRequest(r => r.method() === 'PUT')
    assert.equal(await held.headerValue('authorization'), null, 'S3 is sent the token')
    const gone = page.waitForResponse(r => r.request().method() === 'DELETE' && r.url().includes('/uploads/'))
    await button(page, 'Cancel long.mp4').click()
    assert.equal((await gone).status(), 204)
    await way(page).getByText('Cancelled').waitFor()
    await button(page, 'Clear long.mp4').click()
    await way(page).waitFor({ state: 'detached' })
    return {}
  },

  // hostile names and titles are shown as they are, and do nothing.
  async hostile(page) {
    const name = '<img src=x onerror=window.pwned=1>"\'><script>window.pwned=1</script>'
    await home(page)
    await choose(page, { name: name + '.mp4', mimeType: 'video/mp4', buffer: Buffer.from('<script>window.pwned=1</script>') })
    await way(page).getByText(name).waitFor()
    const title = page.locator('.videos .title', { hasText: 'window.pwned' }).first()
    await title.waitFor({ timeout: patience })
    await title.click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await button(page, 'Rename').click()
    await page.getByLabel('Title').fill(`${name}</h1><svg onload=window.pwned=1>`)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: '</h1><svg' }).waitFor()
    await page.goto(`${url}#/videos/${encodeURIComponent('"><img src=x onerror=window.pwned=1>')}`)
    await page.goto(`${url}#/codes/${encodeURIComponent('<img src=x onerror=window.pwned=1>')}`)
    assert.equal(await page.evaluate(() => window.pwned), undefined)
    assert.equal(await page.locator('img[src="x"]').count(), 0)
    const refused = await page.evaluate(() => { try { document.body.innerHTML = '<b>'; return false } catch { return true } })
    assert.ok(refused, 'markup can be made of text')
    return { expected: ['404', 'TrustedHTML', '422'] }
  },

  // keyboard goes from the first key to a video that is deleted, without a mouse.
  async keyboard(page) {
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
    const focused = () => page.evaluate(() => { const e = document.activeElement; return (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || e.tagName).trim() })
    const to = async name => {
      for (let i = 0; i < 60; i++) {
        if (name.test(await focused())) {
          const outlined = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none')
          assert.ok(outlined, `${name} does not show that it has the focus`)
          return
        }
        await press('Tab')
      }
      assert.fail(`Tab does not come to ${name}`)
    }
    await page.goto(url)
    await to(/API token/)
    await page.keyboard.type(token)
    await press('Enter')
    await page.getByRole('heading', { name: 'All videos' }).waitFor()
    const chooser = page.waitForEvent('filechooser')
    await to(/Choose files/)
    await press('Enter')
    await (await chooser).setFiles({ name: 'by keyboard.mp4', mimeType: 'video/mp4', buffer: Buffer.from('no video') })
    await page.locator('.videos .title', { hasText: 'by keyboard' }).first().waitFor({ timeout: patience })
    await page.locator('h1').focus()
    await to(/^by keyboard$/)
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'by keyboard' }).waitFor()
    assert.equal(await focused(), 'by keyboard', 'the heading is read out')
    await to(/^Rename$/)
    await press('Enter')
    await page.keyboard.type('Renamed')
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Renamed' }).waitFor()
    assert.equal(await focused(), 'Rename', 'the focus comes back')
    await to(/Delete video/)
    await press('Enter')
    await page.getByRole('dialog', { name: 'Delete this video?' }).waitFor()
    assert.equal(await focused(), 'Cancel', 'the harmless answer comes first')
    await press('Escape')
    assert.equal(await focused(), 'Delete video', 'the focus comes back')
    await press('Enter', 'Tab', 'Enter')
    await page.getByRole('heading', { name: 'All videos' }).waitFor()
    return { expected: ['404'] } // nothing plays of what is no video
  },

  // size counts what comes before a person has done anything, and after the token.
  async size(page) {
    const sizes = {}
    page.on('response', async r => { if (r.request().method() === 'GET' && !r.url().includes('/v1/')) sizes[r.url().replace(/.*\//, '')] = gzipSync(await r.body().catch(() => '')).length })
    await page.goto(url, { waitUntil: 'networkidle' })
    const first = { ...sizes }
    await home(page)
    await page.waitForLoadState('networkidle')
    return { first, sizes }
  },

  // operate goes through the map and the dead letters.
  async operate(page) {
    await home(page)
    await page.getByRole('link', { name: 'Map' }).click()
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    assert.ok(await page.locator('.map svg .node').count() > 10)
    assert.ok(await page.getByRole('row', { name: /^encode, bulk/ }).count() > 0)
    await audit(page)
    await shot(page, 'map')
    await page.getByRole('link', { name: 'Dead letters' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Dead letters' }).waitFor()
    const letters = page.locator('.letters > li')
    await letters.first().waitFor()
    const count = await letters.count()
    await audit(page)
    await shot(page, 'letters')
    await letters.first().getByRole('link').click()
    await page.getByText('"specversion"').waitFor()
    await audit(page)
    await shot(page, 'letter')
    await button(page, 'Give up…').click()
    await page.getByRole('textbox', { name: 'Why' }).fill('sent by a test')
    await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).click()
    await page.getByText('It was given up. sent by a test').waitFor()
    await page.getByRole('link', { name: 'Dead letters' }).first().click()
    await letters.first().getByRole('link').click()
    await button(page, 'Send again').click()
    await page.getByText('It was sent again.').waitFor()
    await page.getByRole('link', { name: 'Dead letters' }).first().click()
    await letters.first().waitFor()
    assert.equal(await letters.count(), count - 2)
    await page.getByLabel('Service').selectOption('encode')
    await button(page, 'Send all of encode again').click()
    await button(page, 'Send again').click()
    await page.getByText('No message is dead').waitFor()
    return {}
  },

  // look goes through all that there is, for axe and for people who look at the pictures.
  async look(page) {
    await page.goto(url)
    await page.getByText('How do I get a token?').click()
    await audit(page)
    await shot(page, 'token')
    await home(page)
    await page.locator('.videos .title').first().waitFor()
    await audit(page)
    await shot(page, 'home')
    await choose(page, [
      { name: 'Harbour at dusk.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(5 << 20) },
      { name: 'A very long file name of somebody who likes to say in it all that there is to say.mov', mimeType: 'video/quicktime', buffer: Buffer.alloc(2 << 20) },
    ])
    await page.getByText(/of 9$/).first().waitFor()
    await audit(page)
    await shot(page, 'working')
    await page.getByLabel('or have one fetched').fill('ftp:nothing')
    await button(page, 'Fetch').click()
    await page.getByText('Give an address that begins').waitFor()
    await way(page).getByRole('link', { name: /^Watch / }).waitFor()
    await audit(page)
    await page.locator('.videos .title', { hasText: 'The last tide' }).click()
    await page.getByRole('heading', { name: 'Trace' }).waitFor()
    await button(page, 'Steps of encode').first().click()
    await page.getByText('ffmpeg').first().waitFor()
    await audit(page)
    await shot(page, 'made')
    await button(page, 'Delete video').click()
    await audit(page)
    await shot(page, 'delete')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Videos' }).first().click()
    await page.locator('.videos .title', { hasText: 'Cut short' }).click()
    await page.getByRole('link', { name: /truncated/ }).waitFor()
    await audit(page)
    await shot(page, 'failed')
    await page.getByRole('link', { name: /truncated/ }).click()
    await page.locator('.sought').waitFor()
    await audit(page)
    return { expected: ['422', '404'] }
  },
}

async function main() {
  const options = { viewport: { width: Number(values.width), height: 800 }, colorScheme: values.dark ? 'dark' : 'light', reducedMotion: 'reduce', serviceWorkers: 'block' }
  return within({ ...options, bypassCSP: false }, async page => {
    page.setDefaultTimeout(Math.min(patience, 15_000))
    const heard = listen(page, url)
    const { expected = [], ...saw } = await scenes[scene](page).catch(async error => {
      if (values.shots) await page.screenshot({ path: join(values.shots, `${scene}-failed.png`) })
      throw Object.assign(error, { message: [error.message, ...heard.consoleErrors].join('\n') })
    })
    const errors = heard.consoleErrors.filter(e => !expected.some(word => e.includes(word)) && !/\/(trace|map) *$/.test(e))
    console.log(JSON.stringify({ ...saw, consoleErrors: errors, requestsOutsideOrigin: [...heard.outside].sort() }))
  })
}

await main().catch(error => {
  console.error(unsigned(error.message))
  process.exitCode = 1
})
