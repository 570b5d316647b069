import assert from "node:assert/strict";
import { test } from "node:test";
import { tellRecovery } from "../../drift/recovery.ts";

const of = (status?: string, oldest?: string) =>
	tellRecovery([
		{
			listed: { handle: "main", ...(status === undefined ? {} : { recovery: { status, ...(oldest && { oldest }) } }) },
		} as never,
	]);

test("what there is of point-in-time recovery is told, and nothing where there is none", () => {
	assert.deepEqual(of("supported", "2026-11-30T03:00:00Z"), [
		'database "main" can be recovered to any moment since 2026-11-30T03:00:00Z',
	]);
	assert.deepEqual(of("pending_restart"), [
		'database "main" can be recovered to no moment before its next restart, from which on it can: `aptible db:restart main`',
	]);
	assert.match(of("restricted")[0] ?? "", /^database "main" has point-in-time recovery restricted; /);
	for (const nothing of [of(), of("unsupported"), of("supported")]) assert.deepEqual(nothing, []);
});
