// Answers that are sent while the handler goes on: awslambda.streamifyResponse and its stream.

import { Writable } from "node:stream";
import { streamedResponse } from "./api.mjs";
import { RuntimeError, payloadOf } from "./errors.mjs";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const PRELUDE_END = Buffer.alloc(8);

/** What handlers find as the global awslambda. */
export const awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    /** Put status, headers and cookies before the body: JSON, then eight zero bytes. */
    from(stream, prelude) {
      stream.setContentType(PRELUDE_TYPE);
      stream.prelude = JSON.stringify(prelude);
      return stream;
    },
  },
};

export function isStreaming(handler) {
  if (!handler[STREAMING]) return false;
  if (handler[STREAMING] === "response") return true;
  throw new RuntimeError("MalformedStreamingHandler", "Only response streaming is supported.");
}

class ResponseStream extends Writable {
  #request;
  #begun = false;

  constructor(requestId, highWaterMark) {
    super({ highWaterMark, decodeStrings: false });
    this.#request = streamedResponse(requestId);
    /** Settled once all has been taken. */
    this.taken = new Promise((resolve, reject) => {
      this.#request.on("error", reject);
      this.#request.on("response", (answer) => answer.resume().on("end", resolve));
    });
    this.taken.catch((error) => this.destroy(error));
  }

  setContentType(type) {
    if (this.#begun) {
      throw new RuntimeError("InvalidStreamingOperation", "Cannot set content-type, too late.");
    }
    this.#request.setHeader("Content-Type", type);
  }

  write(chunk, ...rest) {
    const isBytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    return super.write(isBytes ? chunk : JSON.stringify(chunk), ...rest);
  }

  _write(chunk, encoding, done) {
    if (!this.#begun && this.prelude !== undefined) {
      this.#request.write(this.prelude);
      this.#request.write(PRELUDE_END);
    }
    this.#begun = true;
    if (this.#request.write(chunk, encoding === "buffer" ? undefined : encoding)) done();
    else this.#request.once("drain", done);
  }

  _final(done) {
    this.#begun = true;
    this.#request.end(done);
  }

  /** Break off, and say why in the trailers. */
  fail(error) {
    const payload = payloadOf(error);
    this.#request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": payload.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(payload)).toString("base64"),
    });
    this.#request.end();
    return this.taken;
  }
}

/** Let the handler stream its answer; onError hears of what broke it off. */
export async function streamed(handler, body, context, onError) {
  const stream = new ResponseStream(context.awsRequestId, handler[HIGH_WATER_MARK]);
  try {
    const result = handler(JSON.parse(body), stream, context);
    if (typeof result?.then !== "function") {
      throw new Error("Streaming does not support non-async handlers.");
    }
    if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
    await stream.taken;
  } catch (error) {
    onError(error);
    await stream.fail(error);
  }
}
