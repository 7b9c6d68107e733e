// node foreignpage.mjs PAGE < REQUESTS
//
// Opens the page and sends the requests from it, one after the other: a JSON list of {url, init}, the arguments of fetch.
// Prints what came of each as JSON. Names under rebound.test resolve to this machine, as after DNS rebinding.
import { text } from "node:stream/consumers";
import { flags, removeQueries, withPage } from "./chrome.mjs";

// send runs in the page. It returns the status that the page can read; 0 if it can read none.
const send = ({ url, init }) =>
  fetch(url, init).then(
    (r) => r.status,
    () => 0,
  );

async function main() {
  const requests = JSON.parse(await text(process.stdin));
  const options = { args: [...flags, "--host-resolver-rules=MAP *.rebound.test 127.0.0.1"] };
  return withPage(options, async (page) => {
    await page.goto(process.argv[2]);
    const results = [];
    for (const request of requests) {
      let answered = 0;
      const record = (r) => (answered = r.status());
      page.on("response", record);
      const readable = await page.evaluate(send, request);
      page.off("response", record);
      results.push({ readable, answered });
    }
    console.log(JSON.stringify(results));
  });
}

await main().catch((error) => {
  console.error(removeQueries(error.message));
  process.exitCode = 1;
});
