import { test } from "node:test";
import { apps, releasedApps } from "./apps.ts";
import { runMatrix } from "./matrix.ts";
import { secrets } from "./secrets.ts";

test("apps", (t) => runMatrix(t, apps, { secrets, oneIn: 384 }));

test("apps in runs that are told to release them", (t) =>
	runMatrix(t, releasedApps, { secrets: { ...secrets, "hints.release": "2026-12-01T02:00:00.000Z" }, oneIn: 384 }));
