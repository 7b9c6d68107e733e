// TOKEN=… node studio.mjs URL SCENE [--file FILE] [--shots FOLDER] [--width N] [--dark] [--timeout SECONDS]
//
// Plays a scene in the studio at URL and prints its report as JSON. Exits 1, with the reason on stderr, if a step fails.
import { join } from "node:path";
import { recordPageErrors, removeQueries, withPage } from "./chrome.mjs";
import { timeoutMs, scene, url, values } from "./actions.mjs";
import * as deploymentScenes from "./deploymentscenes.mjs";
import * as fakeScenes from "./fakescenes.mjs";

const scenes = { ...deploymentScenes, ...fakeScenes };

async function main() {
  const options = {
    viewport: { width: Number(values.width), height: 800 },
    colorScheme: values.dark ? "dark" : "light",
    reducedMotion: "reduce",
    serviceWorkers: "block",
  };
  return withPage({ ...options, bypassCSP: false }, async (page) => {
    page.setDefaultTimeout(Math.min(timeoutMs, 15_000));
    const pageErrors = recordPageErrors(page, url);
    const { expected = [], ...report } = await scenes[scene](page).catch(async (error) => {
      if (values.shots) await page.screenshot({ path: join(values.shots, `${scene}-failed.png`) });
      throw Object.assign(error, { message: [error.message, ...pageErrors.consoleErrors].join("\n") });
    });
    const errors = pageErrors.consoleErrors.filter((e) => !expected.some((word) => e.includes(word)));
    console.log(
      JSON.stringify({ ...report, consoleErrors: errors, requestsOutsideOrigin: [...pageErrors.outside].sort() }),
    );
  });
}

await main().catch((error) => {
  console.error(removeQueries(error.message));
  process.exitCode = 1;
});
