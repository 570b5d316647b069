/** A freeze on 17, where an admin may change no role that he has not made: rights alone shut out, and a password parts logins. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { connect, type Login, withSession } from "../../postgresql/connection.ts";
import { undoing } from "../../postgresql/locks.ts";
import { execute, type Source, startSource } from "../support/databases.ts";
import { freezeSource, NoteFile, thawSource } from "../support/killed-freeze.ts";
import { readSourceState } from "../support/source-state.ts";

let source: Source;
let folder: string;

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "freeze-17-"));
	source = await startSource(17);
});
after(async () => {
	await source?.server.stop();
	rmSync(folder, { recursive: true, force: true });
});

const login = (name: string, password: string): Login => ({
	url: source.server.url(MEDSTACK_DATABASE, { name, password }),
});
const state = () => readSourceState(source.superuser);

test("a limit that the mover may not set is passed over, as the right to connect shuts out by itself", async () => {
	const open = await state();
	const app = login("app_rw", "x");
	const options = { source: source.login, file: path.join(folder, "limits.jsonl"), apps: [app] };
	const found = await freezeSource(options);
	assert.deepEqual(
		found.map(({ trap }) => trap),
		["freeze-catalog"],
	);
	assert.deepEqual((await state()).roles, open.roles, "no limit is changed");
	await assert.rejects(connect(app), /permission denied for database/);
	await thawSource(options);
	assert.deepEqual(await state(), open);
	await withSession(app, {}, (client) => client.query("SELECT"));
});

test("a limit that a person has set by hand keeps nothing else shut, by a thaw as by its printed statements", async () => {
	const open = await state();
	const options = { source: source.login, file: path.join(folder, "by-hand.jsonl") };
	await freezeSource(options);
	// Of another database, which is not read-only.
	await execute({ url: source.server.url() }, "ALTER ROLE app_rw CONNECTION LIMIT 0");
	const byHand = { ...open, roles: open.roles.map((role) => role.replace(/^app_rw -1/, "app_rw 0")) };
	const noted = new NoteFile(options.file).read();
	await withSession(source.login, { isPlain: true }, (client) => client.query(undoing(noted).join("\n")));
	assert.deepEqual(await state(), byHand);

	await freezeSource(options);
	const left = await thawSource(options);
	assert.deepEqual(await state(), byHand);
	const sql = /as who made the role: (ALTER ROLE app_rw CONNECTION LIMIT -1); then thaw again$/.exec(
		left[0]?.line ?? "",
	);
	assert.equal(left.length, 1);
	assert.ok(new NoteFile(options.file).read().size > 0, "the next thaw finds it");
	await execute(source.superuser, sql?.[1] ?? "");
	assert.deepEqual(await thawSource(options), []);
	assert.deepEqual(await state(), open);
});

test("the mover takes the shared login for itself by another password, which the line says", async () => {
	const shared = login("medadmin", "x");
	const file = path.join(folder, "shared.jsonl");
	const [blocker] = await freezeSource({ source: shared, file, apps: [shared] });
	const [create = "", alter = ""] = [/CREATE ROLE .*? IN ROLE [^;]*/, /ALTER ROLE [^;]*/].map(
		(statement) => statement.exec(blocker?.line ?? "")?.[0].replace("'...'", "'of the mover'") ?? "",
	);
	await assert.rejects(execute(shared, create), /permission denied to grant role/);
	await execute(shared, alter);
	const own = { source: login("medadmin", "of the mover"), file, apps: [shared] };
	const found = await freezeSource(own);
	assert.deepEqual(
		found.filter(({ severity }) => severity === "blocker"),
		[],
	);
	await thawSource(own);
});
