import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
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
	// It takes a request, and never answers.
	const server = createServer(({ url = "" }) => void asked.push(url));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => void server.close().closeAllConnections());
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	Object.assign(process.env, { APTIBLE_API_ROOT_URL: url, APTIBLE_AUTH_ROOT_URL: url, APTIBLE_ACCESS_TOKEN: "t0ken" });
	const start = Date.now();
	assert.equal(await refuseChange(before, after, { longestMs: 1_500 }), undefined);
	assert.ok(Date.now() - start < 4_000);
	assert.equal(asked.length, 1);
	assert.deepEqual(warnings, [
		"what the new backup policy would delete is not known yet: Aptible has not answered within 1.5 s",
	]);
});
