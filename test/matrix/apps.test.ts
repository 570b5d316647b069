import { test } from "node:test";
import { apps } from "./apps.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

test("apps", (t) => runMatrix(t, apps, { secrets, oneIn: 192 }));
