// Scenes of the studio of the Sluice that package studio makes up.
import assert from 'node:assert/strict'
import { audit, button, choose, film, home, patience, playing, pressPlay, shot, url, way } from './person.mjs'

// operate goes through the map and the dead letters.
export async function operate(page) {
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
  await button(page, 'Discard…').click()
  await page.getByRole('textbox', { name: 'Why' }).fill('sent by a test')
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await page.getByText('It was discarded. sent by a test').waitFor()
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
  await page.getByText('No message to encode is dead').waitFor()
  return {}
}

// look goes through all that there is, for axe and for people who look at the pictures.
export async function look(page) {
  await page.goto(url)
  await page.getByText('How do I get a token?').click()
  await audit(page)
  await shot(page, 'token')
  await home(page)
  await page.locator('.videos .title').first().waitFor()
  await audit(page)
  await shot(page, 'home')
  await choose(page, [
    film('Harbour at dusk.mp4', 5 << 20),
    film('A very long file name of somebody who likes to say in it all that there is to say.mov', 2 << 20),
  ])
  await page.getByText(/of 9 parts$/).first().waitFor()
  await audit(page)
  await shot(page, 'working')
  await page.getByLabel('or have one fetched').fill('ftp:nothing')
  await button(page, 'Fetch').click()
  await page.getByText('Give an address that begins').waitFor()
  await way(page).getByRole('link', { name: /^Watch / }).waitFor()
  await audit(page)
  await page.locator('.videos .title', { hasText: 'The last tide' }).click()
  await page.getByRole('heading', { name: 'Trace' }).waitFor()
  const timeline = (await page.locator('.timeline > li .what').allInnerTexts()).map(words => words.replace(/\s+/g, ' '))
  assert.deepEqual(timeline, ['Created', 'Uploaded The file is there', 'Processing Inspected and planned', '3 parts encoded', 'Playable Enough is there to begin', '6 parts encoded', 'Ready All parts are there'])
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
}

// growing watches a video from the moment that it can be, until all of it is there; what has the focus keeps it. Play is
// pressed at the worst moment, just before the video has a film: that counts.
export async function growing(page) {
  await page.route(/hls\.min\.js/, async route => {
    const response = await route.fetch()
    await route.fulfill({ response, body: `${await response.text()}; (${pressPlay})(document.querySelector('video'))` })
  })
  await home(page)
  await choose(page, film('Growing.mp4'))
  await way(page).getByText('Playable').waitFor({ timeout: patience })
  await way(page).getByRole('link', { name: 'Watch Growing' }).click()
  await page.locator('video').evaluate(v => {
    window.seen = []
    for (const kind of ['waiting', 'emptied', 'error']) v.addEventListener(kind, () => v.played.length > 0 && !v.ended && window.seen.push(`${kind} at ${v.currentTime}`))
  })
  await playing(page)
  const state = page.locator('.sub')
  await state.getByText(/^0:0\d of .* so far$/).waitFor()
  assert.match(await state.innerText(), /^Playable/)
  await button(page, 'Steps of encode').first().focus()
  await state.getByText('Ready').waitFor({ timeout: patience })
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Steps of encode', 'the focus is lost')
  await page.waitForFunction(() => document.querySelector('video').ended, null, { timeout: patience })
  assert.deepEqual(await page.evaluate(() => [Math.round(document.querySelector('video').duration), ...window.seen]), [12])
  return {}
}

// recover has a part that fails a few times, and one that fails until it is retried by hand.
export async function recover(page) {
  await home(page)
  await choose(page, film('Stubborn.mp4', 3 << 20))
  const retry = button(page, 'Retry Stubborn.mp4')
  await retry.waitFor({ timeout: patience })
  await way(page).getByText('S3 answered part 3 with 503').waitFor()
  await fetch(new URL('heal', url), { method: 'POST' })
  await retry.click()
  await way(page).getByRole('link', { name: /^Watch / }).waitFor({ timeout: patience })
  return { expected: ['503', '404'] }
}

// pages turns the pages of the list, and filters it.
export async function pages(page) {
  await home(page)
  const titles = page.locator('.videos .title')
  await titles.nth(19).waitFor()
  assert.equal(await titles.count(), 20)
  await button(page, 'Show more').click()
  await titles.nth(24).waitFor()
  assert.equal(await titles.count(), 25)
  assert.equal(await page.evaluate(() => document.activeElement.textContent), await titles.nth(20).innerText())
  assert.equal(await button(page, 'Show more').isVisible(), false)
  await page.getByLabel('Show', { exact: true }).selectOption('failed')
  await page.waitForFunction(() => document.querySelectorAll('.videos .title').length === 5)
  await page.getByLabel('Show', { exact: true }).selectOption('cancelled')
  await page.getByText('No video is in the state “Cancelled”.').waitFor()
  return {}
}

// dropped drops two files onto the page; another kind of drop does nothing.
export async function dropped(page) {
  await home(page)
  const drop = await page.evaluateHandle(() => {
    const all = new DataTransfer()
    for (const name of ['one.mp4', 'two.mov']) all.items.add(new File(['film'], name, { type: 'video/mp4' }))
    return all
  })
  await page.dispatchEvent('.entrance', 'dragenter', { dataTransfer: drop })
  await page.locator('.entrance.over').waitFor()
  await page.dispatchEvent('.all', 'drop', { dataTransfer: drop })
  await way(page, 1).getByRole('link', { name: /^Watch / }).waitFor({ timeout: patience })
  assert.equal(await page.locator('.entrance.over').count(), 0)
  return {}
}

// lost loses its token while it is used.
export async function lost(page) {
  await home(page)
  await fetch(new URL('revoke', url), { method: 'POST' })
  await page.getByText('The token is not taken any more').waitFor({ timeout: patience })
  assert.equal(await page.locator('#top').isVisible(), false)
  return { expected: ['401'] }
}

// poor has a token that may only read.
export async function poor(page) {
  await home(page)
  await page.getByText('This token lacks the scope videos:write').waitFor()
  assert.equal(await page.locator('input[type=file]').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Map' }).count(), 0)
  await page.locator('.videos .title').first().click()
  await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  assert.equal(await button(page, /Rename|Delete/).count(), 0)
  await page.evaluate(() => { location.hash = '#/map' })
  await page.getByText('This token lacks the scope operator').waitFor()
  return { expected: ['404'] }
}

// polite counts what is asked while nothing moves, in a hidden tab, and while the API is busy.
export async function polite(page) {
  const asked = []
  page.on('request', r => r.url().includes('/v1/videos') && asked.push(Date.now()))
  const during = async ms => { const before = asked.length; await page.waitForTimeout(ms); return asked.length - before }
  const hide = hidden => page.evaluate(now => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => now })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
  await home(page)
  const idle = await during(9000)
  await hide(true)
  await during(1000) // what was under way
  const hidden = await during(12000)
  const before = asked.length
  await hide(false)
  await during(1000)
  const back = asked.length - before
  await fetch(new URL('busy', url), { method: 'POST' })
  await choose(page, film('Busy.mp4', 2 << 20))
  await page.getByText('The API is busy').waitFor()
  const busy = await during(6000)
  await way(page).getByRole('link', { name: /^Watch / }).waitFor({ timeout: patience })
  assert.ok(idle >= 2 && idle <= 6, `${idle} questions in 9 s of nothing`)
  assert.equal(hidden, 0, 'questions in a hidden tab')
  assert.ok(back >= 1, 'no question when the tab is seen again')
  assert.ok(busy <= 14, `${busy} questions in 6 s while the API is busy`)
  return { expected: ['429'] }
}
