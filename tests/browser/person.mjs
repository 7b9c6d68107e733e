// What a person can do in the studio, and see; and what each run of studio.mjs is told.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const { values, positionals: [url, scene] } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string' }, shots: { type: 'string' }, width: { type: 'string', default: '1280' },
    dark: { type: 'boolean', default: false }, timeout: { type: 'string', default: '30' },
  },
})
export const token = process.env.TOKEN
export const patience = Number(values.timeout) * 1000
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

export const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' })

export async function enter(page, words = token) {
  await page.goto(url)
  await page.getByLabel('API token').fill(words)
  await page.keyboard.press('Enter')
}

export async function home(page) {
  await enter(page)
  await page.getByRole('heading', { name: 'All videos' }).waitFor()
}

export const choose = (page, files) => page.locator('input[type=file]').setInputFiles(files)
export const way = (page, n = 0) => page.locator('.ways > li').nth(n)

// audit runs axe on what is shown. Colours are judged without what moves.
export async function audit(page) {
  await page.evaluate(await readFile(axe, 'utf8'))
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  const found = violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`))
  assert.deepEqual(found, [], `axe at ${page.url()}`)
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(wide[0] <= wide[1], `${page.url()} is ${wide[0]} px wide, the window ${wide[1]}`)
}

export async function shot(page, name) {
  if (!values.shots) return
  await page.evaluate(() => document.activeElement?.blur())
  await page.screenshot({ path: join(values.shots, `${name}-${values.width}-${values.dark ? 'dark' : 'light'}.png`), fullPage: true })
}

// pressPlay presses play, once, in the page; playing waits then until the video has played on for a while.
export const pressPlay = video => { video.muted = true; video.play().catch(() => {}) }

export async function playing(page) {
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0.8, null, { timeout: patience })
}

// film is a file that is no video, of some bytes.
export const film = (name, bytes = 9) => ({ name, mimeType: 'video/mp4', buffer: Buffer.alloc(bytes) })
