// A runtime client for Node handlers where aws-lambda-ric is not installed: Node's own modules only.
//
// node main.mjs MODULE.FUNCTION — serves the Runtime API 2018-06-01 as AWS's own client does: what it
// answers, logs and exits with, and when, is as there.

import { next, report } from "./api.mjs";
import { RuntimeError } from "./errors.mjs";
import { handlerOf } from "./handler.mjs";
import { Invocation } from "./invocation.mjs";
import { logError, logsFor, patchConsole } from "./log.mjs";
import { awslambda, isStreaming, streamed } from "./stream.mjs";
import { WITHOUT_CALLBACKS } from "./version.mjs";

const THROWN = 129;
const REJECTED = 128;

let running;

/** What nobody caught is the error of the invocation under way, or of init; then it is over. An
 * answer that has been given stands. */
async function fall(what, error, code) {
  logError(what, error);
  try {
    if (running?.answered) await running.over;
    else await report(error, running?.requestId);
  } finally {
    process.exit(code);
  }
}

function parsedHeader(headers, name) {
  return headers[name] ? JSON.parse(headers[name]) : undefined;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsedHeader(headers, "lambda-runtime-client-context"),
    identity: parsedHeader(headers, "lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function answer(handler, body, context) {
  if (!isStreaming(handler)) return running.run(handler, body, context);
  return streamed(handler, body, context, (error) => logError("Invoke Error", error));
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await next();
    const context = contextOf(headers);
    running = new Invocation(context.awsRequestId);
    logsFor(context.awsRequestId);
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    await answer(handler, body, context);
    running.answered = true;
    // What the handler has left to do at once is done before the next invocation is taken.
    await new Promise(setImmediate);
  }
}

patchConsole();
if (!/^(1|true)$/.test(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA ?? "")) {
  globalThis.awslambda = awslambda;
}
if (!WITHOUT_CALLBACKS) {
  process.on("uncaughtException", (error) => fall("Uncaught Exception", error, THROWN));
  process.on("unhandledRejection", (reason) => {
    const error = new RuntimeError("UnhandledPromiseRejection", reason);
    fall("Unhandled Promise Rejection", error, REJECTED);
  });
  process.on("beforeExit", () => running?.idle());
}
handlerOf(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.argv[2])
  .then(serve)
  .catch((error) => fall(WITHOUT_CALLBACKS ? "Init Error" : "Uncaught Exception", error, THROWN));
