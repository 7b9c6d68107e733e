// Scenes of the studio of any Sluice.
import assert from 'node:assert/strict'
import { basename, extname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { audit, button, choose, enter, film, home, patience, playing, pressPlay, shot, token, url, values, way } from './person.mjs'

// secret: wrong tokens are told apart from each other, and a good one is nowhere but in memory.
export async function secret(page) {
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
}

// upload sends a file and stays with it until it plays.
export async function upload(page) {
  await home(page)
  await choose(page, values.file)
  const began = Date.now(), seen = new Set()
  const watch = way(page).getByRole('link', { name: /^Watch / })
  for (let now = ''; now !== 'Ready';) {
    assert.ok(Date.now() - began < patience, `not ready in time: ${await way(page).innerText()}`)
    now = (await way(page).locator('.count').innerText()).replace(/^[\d.,]+ [kM]?B of .*/, 'sending')
    seen.add(now)
    await page.waitForTimeout(50)
  }
  const seconds = (Date.now() - began) / 1000
  await shot(page, 'uploaded')
  await watch.click()
  await page.getByRole('heading', { level: 1, name: basename(values.file, extname(values.file)) }).waitFor()
  await page.locator('video').evaluate(pressPlay)
  await playing(page)
  await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  await page.getByText('+', { exact: false }).first().waitFor()
  await page.getByRole('heading', { name: 'Trace' }).waitFor({ timeout: patience })
  const hops = await page.locator('.waterfall tbody tr').count()
  await shot(page, 'video')
  await audit(page)
  return { seen: [...seen], seconds, hops }
}

// cancel gives up an upload whose parts are held back.
export async function cancel(page) {
  await home(page)
  await page.route('**', route => route.request().method() === 'PUT' ? undefined : route.fallback())
  await choose(page, film('long.mp4', 3 << 20))
  const held = await page.waitForRequest(r => r.method() === 'PUT')
  assert.equal(await held.headerValue('authorization'), null, 'S3 is sent the token')
  const gone = page.waitForResponse(r => r.request().method() === 'DELETE' && r.url().includes('/uploads/'))
  await button(page, 'Cancel long.mp4').click()
  assert.equal((await gone).status(), 204)
  await way(page).getByText('Cancelled').waitFor()
  await button(page, 'Clear long.mp4').click()
  await way(page).waitFor({ state: 'detached' })
  return {}
}

// hostile names and titles are shown as they are, and do nothing.
export async function hostile(page) {
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
}

// keyboard goes from the first key to a video that is deleted, without a mouse.
export async function keyboard(page) {
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
  await (await chooser).setFiles(film('by keyboard.mp4'))
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
}

// size counts what comes before a person has done anything, and after the token.
export async function size(page) {
  const sizes = {}
  page.on('response', async r => { if (r.request().method() === 'GET' && !r.url().includes('/v1/')) sizes[r.url().replace(/.*\//, '')] = gzipSync(await r.body().catch(() => '')).length })
  await page.goto(url, { waitUntil: 'networkidle' })
  const first = { ...sizes }
  await home(page)
  await page.waitForLoadState('networkidle')
  return { first, sizes }
}
