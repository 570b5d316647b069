/** A source that is a replica shows what its primary had an unknown time ago. */
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import {
	MEDSTACK_ADMIN,
	MEDSTACK_DATABASE,
	startMedstackSource,
} from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { type Postgres, startPostgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import { giveToServer } from "@medstack-to-aptible/sandbox/server-folder.ts";
import { forRehearsal } from "../../findings.ts";
import { check } from "../../postgresql/check.ts";
import { startTarget, type Target, useImageClients } from "../support/databases.ts";

let folder: string;
let standby: Postgres;
let target: Target;

before(async () => {
	await useImageClients();
	folder = await mkdtemp(path.join(os.tmpdir(), "replica-"));
	await giveToServer(folder);
	const primary = await startMedstackSource({ major: 15, folder: path.join(folder, "primary") });
	await primary.stop();
	await cp(path.join(folder, "primary"), path.join(folder, "standby"), { recursive: true });
	await writeFile(path.join(folder, "standby", "data", "standby.signal"), "");
	await giveToServer(folder);
	[standby, target] = await Promise.all([
		startPostgres({
			major: 15,
			superuser: "azure_superuser",
			folder: path.join(folder, "standby"),
			isKept: true,
		}),
		startTarget(17),
	]);
});
after(async () => {
	await Promise.all([standby?.stop(), target?.server.stop()]);
	await rm(folder, { recursive: true, force: true });
});

test("a replica is refused for a copy, and warned of for a rehearsal", async () => {
	const found = await check({
		source: { url: standby.url(MEDSTACK_DATABASE, MEDSTACK_ADMIN) },
		target: target.login,
		into: "move_7",
		jobs: 1,
		diskBytes: 1e12,
		tryDefinitions: false,
	});
	const replica = found.filter(({ trap }) => trap === "source-replica");
	assert.deepEqual(
		[...replica, ...replica.map(forRehearsal)].map(({ severity }) => severity),
		["blocker", "warning"],
	);
	assert.match(replica[0]?.line ?? "", /source clinic is a replica.*MOVE_SOURCE_/);
});
