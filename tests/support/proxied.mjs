// Gets every address given, by way of the variables of the proxy, and prints a line for each: the body, or "failed" and why.
// The first argument is `fetch` or `http` (node:http).
import http from "node:http";

const [how, ...addresses] = process.argv.slice(2);

const throughHttp = (address) =>
  new Promise((resolve, reject) => {
    const request = http.get(address, { timeout: 3_000 }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 3 s")));
    request.on("error", reject);
  });
const throughFetch = async (address) => (await fetch(address, { signal: AbortSignal.timeout(3_000) })).text();

for (const address of addresses) {
  try {
    console.log((await (how === "http" ? throughHttp : throughFetch)(address)).trim());
  } catch (error) {
    console.log(`failed ${error.code ?? ""} ${error.message}`.replaceAll("\n", " "));
  }
}
process.exit(0);
