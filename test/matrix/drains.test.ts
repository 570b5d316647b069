import { test } from "node:test";
import { drains } from "./drains.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

test("drains", (t) => runMatrix(t, drains, { secrets, oneIn: 384 }));
