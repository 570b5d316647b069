import { test } from "node:test";
import { endpoints } from "./endpoints.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

test("endpoints", (t) => runMatrix(t, endpoints, { secrets, oneIn: 96 }));
