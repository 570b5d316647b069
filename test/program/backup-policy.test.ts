import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { refuseChange } from "../../components/environment.ts";
import type { EnvironmentSpec } from "../../wire/environment.ts";

const backups = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true };
const before: EnvironmentSpec = {
	handle: "acme",
	stack: "acme-ca",
	phi: true,
	renamedFrom: undefined,
	backups,
	acceptLoss: 0,
};
const after = { ...before, backups: { ...backups, daily: 1 } };

test("a preview gives Aptible its time to say what a policy would delete, and no more", async (t) => {
	const warnings: string[] = [];
	const { warn } = pulumi.log;
	Object.assign(pulumi.log, { warn: async (message: string) => void warnings.push(message) });
	t.after(() => Object.assign(pulumi.log, { warn }));
	const asked: string[] = [];
	// A call that does not end, whatever it is told.
	const execute = async (argv: readonly string[]) => {
		asked.push(argv.join(" "));
		await sleep(5_000, undefined, { signal: t.signal });
		return { code: 0, signal: null, timedOut: false, stdout: "[]", stderr: "" };
	};
	const start = Date.now();
	assert.equal(await refuseChange(before, after, { longestMs: 200, execute }), undefined);
	assert.ok(Date.now() - start < 4_000);
	assert.equal(asked.length, 1);
	assert.deepEqual(warnings, [
		"what the new backup policy would delete is not known yet: Aptible has not answered within 0.2 s",
	]);
});
