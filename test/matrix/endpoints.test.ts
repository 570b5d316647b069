import { test } from "node:test";
import { endpoints } from "./endpoints.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

/** Beside the spec a Command hands over its claim: none of these was there before it. */
const claim = { "hints.claim": JSON.stringify({ after: 0 }) };

test("endpoints", (t) => runMatrix(t, endpoints, { secrets: { ...secrets, ...claim }, oneIn: 384 }));
