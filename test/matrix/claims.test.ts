import { test } from "node:test";
import { claims } from "./claims.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

test("claims", (t) => runMatrix(t, claims, { secrets, oneIn: 64 }));
