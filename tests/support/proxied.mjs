// Gets every address given, by way of the variables of the proxy, and prints a line for each: the body, or "failed" and why.
// The first argument is `fetch`, `http` (node:http) or `https` (node:https). The client's certificate goes along, as that of Claude
// Code does.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const { CLAUDE_CODE_CLIENT_CERT, CLAUDE_CODE_CLIENT_KEY, CLAUDE_CODE_CLIENT_KEY_PASSPHRASE } = process.env;
const identity = CLAUDE_CODE_CLIENT_CERT && {
  cert: readFileSync(CLAUDE_CODE_CLIENT_CERT, "utf8"),
  key: readFileSync(CLAUDE_CODE_CLIENT_KEY, "utf8"),
  passphrase: CLAUDE_CODE_CLIENT_KEY_PASSPHRASE,
};

const [how, ...addresses] = process.argv.slice(2);
const limit = Number(process.env.LIMIT_IN_MS ?? 3_000);

const throughModule = (module) => (address) =>
  new Promise((resolve, reject) => {
    const request = module.get(address, { ...identity, timeout: limit }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
  });
const throughFetch = async (address) => (await fetch(address, { signal: AbortSignal.timeout(limit), tls: identity })).text();
const connect = { fetch: throughFetch, http: throughModule(http), https: throughModule(https) }[how];

for (const address of addresses) {
  try {
    console.log((await connect(address)).trim());
  } catch (error) {
    console.log(`failed ${error.code ?? ""} ${error.message}`.replaceAll("\n", " "));
  }
}
process.exit(0);
