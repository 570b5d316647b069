import { test } from "node:test";
import { environments } from "./environments.ts";
import { runMatrix } from "./matrix.ts";

test("environments", (t) => runMatrix(t, environments, { secrets: {}, oneIn: 384 }));
