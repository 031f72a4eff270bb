// Asks every address given, all at once, by way of the variables of proxy and trust, and prints a line for each in their order:
// "answered" and the status, or "failed" and why. Bun asks by fetch, as Claude Code does; Node by node:https. The client's
// certificate goes along where the variables of Claude Code name one.
import { readFileSync } from "node:fs";
import https from "node:https";

const { CLAUDE_CODE_CLIENT_CERT, CLAUDE_CODE_CLIENT_KEY, CLAUDE_CODE_CLIENT_KEY_PASSPHRASE } = process.env;
const identity = CLAUDE_CODE_CLIENT_CERT && {
  cert: readFileSync(CLAUDE_CODE_CLIENT_CERT, "utf8"),
  key: readFileSync(CLAUDE_CODE_CLIENT_KEY, "utf8"),
  passphrase: CLAUDE_CODE_CLIENT_KEY_PASSPHRASE,
};
const limit = Number(process.env.LIMIT_IN_MS);

const throughModule = (address) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no answer in time")), limit);
    const settled = (settle) => (value) => {
      clearTimeout(late);
      settle(value);
    };
    const answered = (response) => {
      settled(resolve)(response.statusCode);
      response.destroy();
    };
    https.get(address, { ...identity }, answered).on("error", settled(reject));
  });
const throughFetch = async (address) =>
  (await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(limit), tls: identity })).status;
const ask = process.versions.bun ? throughFetch : throughModule;

const lines = process.argv.slice(2).map(async (address) => {
  try {
    return `answered ${await ask(address)}`;
  } catch (error) {
    return `failed ${error.code ?? ""} ${error.message}`.replaceAll("\n", " ");
  }
});
console.log((await Promise.all(lines)).join("\n"));
process.exit(0);
