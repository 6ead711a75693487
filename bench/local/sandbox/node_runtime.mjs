// A runtime client for Node handlers where aws-lambda-ric is not installed: Node's own modules only.
//
// node node_runtime.mjs module.function — speaks the Runtime API 2018-06-01. Handlers are async, take
// a callback, or are wrapped in awslambda.streamifyResponse.

import http from "node:http";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const BASE = "/2018-06-01/runtime";
const STREAMING = Symbol("streaming");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: true }),
  HttpResponseStream: {
    // What a function URL expects before the body: JSON, then eight zero bytes.
    from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

function exchange(method, target, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: BASE + target, headers });
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

function described(error) {
  if (error instanceof Error) {
    return {
      errorType: error.name,
      errorMessage: error.message,
      trace: (error.stack ?? "").split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function reportError(target, error) {
  const told = described(error);
  console.error(`${new Date().toISOString()}\tERROR\t${JSON.stringify(told)}`);
  return exchange(
    "POST",
    target,
    { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": told.errorType },
    JSON.stringify(told),
  );
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

async function load(handlerName) {
  const at = handlerName.lastIndexOf(".");
  if (at < 1) throw named("Runtime.MalformedHandlerName", `Bad handler ${handlerName}`);
  const [module, name] = [handlerName.slice(0, at), handlerName.slice(at + 1)];
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), module);
  const file = [".mjs", ".js", ".cjs"].map((suffix) => base + suffix).find(existsSync);
  if (!file) throw named("Runtime.ImportModuleError", `Error: Cannot find module '${module}'`);
  const loaded = await imported(file);
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== "function") {
    throw named("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
  }
  return handler;
}

async function imported(file) {
  try {
    return await import(pathToFileURL(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Without "type": "module" a .js file may be CommonJS after all.
    if (!file.endsWith(".js")) throw named("Runtime.UserCodeSyntaxError", `${error}`);
  }
  try {
    return createRequire(file)(file);
  } catch (error) {
    throw error instanceof SyntaxError ? named("Runtime.UserCodeSyntaxError", `${error}`) : error;
  }
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function called(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    const result = handler(event, context, callback);
    if (typeof result?.then === "function") result.then(resolve, reject);
    else if (handler.length < 3) resolve(result);
  });
}

async function streamed(handler, event, context, target) {
  const response = new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method: "POST", path: BASE + target });
    request.setHeader("Lambda-Runtime-Function-Response-Mode", "streaming");
    request.setHeader("Content-Type", "application/octet-stream");
    request.setHeader("Transfer-Encoding", "chunked");
    request.setHeader(
      "Trailer",
      "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    );
    request.setContentType = (type) => request.setHeader("Content-Type", type);
    request.on("error", reject);
    request.on("response", (answer) => answer.resume().on("end", resolve));
    Promise.resolve()
      .then(() => handler(event, request, context))
      .catch((error) => {
        const told = described(error);
        request.addTrailers({
          "Lambda-Runtime-Function-Error-Type": told.errorType,
          "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(told)).toString("base64"),
        });
        request.end();
      });
  });
  await response;
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await exchange("GET", "/invocation/next");
    const target = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    const context = contextOf(headers);
    try {
      const event = JSON.parse(body.toString());
      if (handler[STREAMING]) {
        await streamed(handler, event, context, `${target}/response`);
        continue;
      }
      const result = await called(handler, event, context);
      await exchange(
        "POST",
        `${target}/response`,
        { "Content-Type": "application/json" },
        JSON.stringify(result ?? null),
      );
    } catch (error) {
      await reportError(`${target}/error`, error);
    }
  }
}

try {
  await serve(await load(process.argv[2]));
} catch (error) {
  await reportError("/init/error", error);
  process.exit(1);
}
