// Prints as JSON the SHA-256 of every certificate that NODE_EXTRA_CA_CERTS has given this program.
import { createHash } from "node:crypto";
import tls from "node:tls";

const fingerprint = (pem) => {
  const base64 = pem.replace(/-----[A-Z ]+-----/g, "");
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
};
console.log(JSON.stringify(tls.getCACertificates("extra").map(fingerprint).sort()));
