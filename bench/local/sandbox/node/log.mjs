// console as Lambda has it: each line with time, request id and level, or a JSON object a line.

import { format } from "node:util";
import { loggedForm } from "./errors.mjs";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  log: "INFO",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};
const AS_JSON = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
const LOWEST = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));

let requestId;

/** Whose lines follow; undefined during init. */
export function logsFor(id) {
  requestId = id;
}

function told(_, value) {
  if (!(value instanceof Error)) return value;
  return { ...typed(value), ...value };
}

function typed(error) {
  return {
    errorType: error.constructor?.name ?? "UnknownError",
    errorMessage: error.message,
    stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : [],
  };
}

function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (values.length > 1) {
    const error = values.find((value) => value instanceof Error);
    return JSON.stringify({ ...line, message: format(...values), ...(error && typed(error)) });
  }
  try {
    return JSON.stringify({ ...line, message: values[0] }, told);
  } catch {
    return JSON.stringify({ ...line, message: format(values[0]) });
  }
}

function write(level, values) {
  const line = AS_JSON
    ? jsonLine(level, values)
    : `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}`;
  process.stdout.write(`${line}\n`);
}

/** Put them in the place of console's own. */
export function patchConsole() {
  for (const [method, level] of Object.entries(METHODS)) {
    const silent = LEVELS.indexOf(level) < LOWEST;
    console[method] = silent ? () => {} : (...values) => write(level, values);
  }
}

/** The runtime's own word on an error. */
export function logError(what, error) {
  const wrapped = error instanceof Error ? error : new Error(error);
  if (AS_JSON) console.error(wrapped);
  else console.error(what, `\t${loggedForm(wrapped)}`);
}
