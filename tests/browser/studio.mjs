// TOKEN=… node studio.mjs URL SCENE [--file FILE] [--shots FOLDER] [--width N] [--dark] [--timeout SECONDS]
//
// Does in the studio at URL what a person would, and prints as JSON what it saw. Exits 1, with the reason on stderr, if
// something is not as it should be.
import { join } from 'node:path'
import { listen, unsigned, within } from './chrome.mjs'
import { patience, scene, url, values } from './person.mjs'
import * as always from './scenes.mjs'
import * as made from './made.mjs'

const scenes = { ...always, ...made }

async function main() {
  const options = { viewport: { width: Number(values.width), height: 800 }, colorScheme: values.dark ? 'dark' : 'light', reducedMotion: 'reduce', serviceWorkers: 'block' }
  return within({ ...options, bypassCSP: false }, async page => {
    page.setDefaultTimeout(Math.min(patience, 15_000))
    const heard = listen(page, url)
    const { expected = [], ...saw } = await scenes[scene](page).catch(async error => {
      if (values.shots) await page.screenshot({ path: join(values.shots, `${scene}-failed.png`) })
      throw Object.assign(error, { message: [error.message, ...heard.consoleErrors].join('\n') })
    })
    const errors = heard.consoleErrors.filter(e => !expected.some(word => e.includes(word)))
    console.log(JSON.stringify({ ...saw, consoleErrors: errors, requestsOutsideOrigin: [...heard.outside].sort() }))
  })
}

await main().catch(error => {
  console.error(unsigned(error.message))
  process.exitCode = 1
})
