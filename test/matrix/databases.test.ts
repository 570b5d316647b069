import { test } from "node:test";
import { databases } from "./databases.ts";
import { runMatrix } from "./matrix.ts";

test("databases", (t) => runMatrix(t, databases, { secrets: {}, oneIn: 384 }));
