// Reads questions, a line of JSON each: the variables of the proxy and an address. Asks for the address with these variables and
// answers with a line: the status, or "failed" and why. The first argument is `fetch` or `https` (node:http and node:https).
// In Node every name is 127.0.0.1, so that nothing is looked up; Bun does not let itself be told.
import dns from "node:dns";
import http from "node:http";
import https from "node:https";
import readline from "node:readline";

const how = process.argv[2];
const inNode = typeof Bun === "undefined";
const limit = 1_500;

if (inNode) {
  dns.lookup = (_name, options, callback) =>
    process.nextTick(() =>
      options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4),
    );
}

const throughFetch = async (address) => {
  const response = await fetch(address, { headers: { connection: "close" }, signal: AbortSignal.timeout(limit) });
  await response.text();
  return response.status;
};
const throughModule = (address) =>
  new Promise((resolve, reject) => {
    const module = address.startsWith("https:") ? https : http;
    const request = module.get(address, { timeout: limit }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
  });
const get = how === "fetch" ? throughFetch : throughModule;

const names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]);
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { variables, address } = JSON.parse(line);
  names.forEach((name) => delete process.env[name]);
  Object.assign(process.env, variables);
  let restore = () => {};
  let answer;
  try {
    // What NODE_USE_ENV_PROXY does when Node starts.
    if (inNode) restore = http.setGlobalProxyFromEnv(process.env);
    answer = `${await get(address)}`;
  } catch (error) {
    const parts = [error.code, error.message, error.cause?.code, error.cause?.message];
    answer = `failed ${parts.filter(Boolean).join(" ")}`;
  } finally {
    restore();
  }
  console.log(answer.replaceAll("\n", " "));
}
