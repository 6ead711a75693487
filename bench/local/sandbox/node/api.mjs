// The Runtime API 2018-06-01, as a client.

import http from "node:http";
import { payloadOf } from "./errors.mjs";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const BASE = "/2018-06-01/runtime";
const JSON_TYPE = { "Content-Type": "application/json" };
// One connection for what comes one after another. Idle it keeps no event loop from being empty.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function path(requestId, kind) {
  return `${BASE}/invocation/${requestId}/${kind}`;
}

function exchange(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, ...options });
    request.on("error", reject);
    request.on("response", (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(pieces) }));
      response.on("error", reject);
    });
    request.end(body);
  });
}

/** Wait for work. */
export function next() {
  return exchange({ method: "GET", path: `${BASE}/invocation/next` });
}

/** Give the handler's answer, JSON already. */
export function respond(requestId, body) {
  return exchange({ method: "POST", path: path(requestId, "response"), headers: JSON_TYPE }, body);
}

/** Tell of an error: of the invocation, or of init where requestId is undefined.
 *
 * On a connection of its own: the other may be busy with a poll or a stream.
 */
export function report(error, requestId) {
  const payload = payloadOf(error);
  const type = /^[\x21-\x7e]+$/.test(payload.errorType) ? payload.errorType : "Unknown";
  return exchange(
    {
      agent: false,
      method: "POST",
      path: requestId === undefined ? `${BASE}/init/error` : path(requestId, "error"),
      headers: { ...JSON_TYPE, "Lambda-Runtime-Function-Error-Type": type },
    },
    JSON.stringify(payload),
  );
}

/** The request that a streamed answer is the body of; nothing is sent before the first write. */
export function streamedResponse(requestId) {
  return http.request({
    host,
    port,
    agent,
    method: "POST",
    path: path(requestId, "response"),
    headers: {
      "Content-Type": "application/octet-stream",
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
      "Transfer-Encoding": "chunked",
    },
  });
}
