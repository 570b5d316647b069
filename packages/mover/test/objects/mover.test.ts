/** The wish for objects through a mover's process, with the journal on a real server, and URLs in real databases. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlobStandIn, startBlobStandIn } from "@medstack-to-aptible/sandbox/azure/blob-stand-in.ts";
import { readReports } from "../../journal/reports.ts";
import { countUrls, type Renaming, rewriteUrls, type UrlColumn } from "../../objects/urls.ts";
import { withSession } from "../../postgresql/connection.ts";
import { execute } from "../support/databases.ts";
import { World } from "../support/mover-process.ts";
import { addressOf, LONG_AGO } from "./world.ts";

let world: World;
let service: BlobStandIn;
before(async () => {
	[world, service] = await Promise.all([
		World.start(),
		startBlobStandIn({ medstack: ["files"], acmefiles: ["documents"] }),
	]);
});
afterEach(async () => {
	await execute({ url: world.source.url() }, "DROP TABLE IF EXISTS docs");
	for (const [account, container] of [["medstack", "files"] as const, ["acmefiles", "documents"] as const]) {
		service.account(account).containers.set(container, new Map());
	}
	await world.reset();
});
after(() => Promise.all([world?.stop(), service?.close()]));

const NAME = "patients/Ada Lovelace.pdf";

/** What a mover is given that moves objects too. */
function environment() {
	const { MOVE_TARGET = "" } = world.environment();
	return {
		MOVE_TARGET: JSON.stringify({
			...JSON.parse(MOVE_TARGET),
			objects: { documents: { account: "acmefiles", container: "documents" } },
		}),
		MOVE_OBJECTS_DOCUMENTS: service.address("medstack", "files", "rlt"),
		MOVE_OBJECTS_DOCUMENTS_TARGET: service.address("acmefiles", "documents", "rlwdt"),
	};
}

function put(name: string, data: string): void {
	service.account("medstack").put("files", name, data, { modified: Date.now() - LONG_AGO });
}

const oldBase = () => addressOf(environment().MOVE_OBJECTS_DOCUMENTS).base;
const newBase = () => addressOf(environment().MOVE_OBJECTS_DOCUMENTS_TARGET).base;

async function findings(run: string): Promise<string> {
	const reports = await readReports(await world.moveDatabase(), run);
	return reports
		.flatMap(({ kind, body }) => (kind === "findings" ? (body as { line: string }[]) : []))
		.map(({ line }) => line)
		.join("\n");
}

test("objects are copied, what was deleted is deleted in the last pass, URLs are counted and rewritten; no name and no secret is in sight", async () => {
	put(NAME, "one");
	put("goes", "two");
	await execute(
		{ url: world.source.url() },
		`CREATE TABLE docs (url text); INSERT INTO docs VALUES ('http://${oldBase()}/a.pdf')`,
	);
	const mover = world.startMover(environment());
	const first = await world.over(await world.wish("objects"));
	assert.deepEqual([first.state, first.run], ["done", "r1"], mover.output);
	assert.match(await findings("r1"), /2 objects of 6 bytes: 2 copied, 0 as they were/);
	assert.match(
		await findings("r1"),
		/public\.docs\.url: 1 rows have URLs of the old storage account, 1 of them in containers that move/,
	);
	assert.equal((await world.over(await world.wish("objects", { final: true }))).reason, "not-frozen");
	assert.equal((await world.over(await world.wish("freeze"))).state, "done", mover.output);
	assert.equal((await world.over(await world.wish("objects", { final: true, rewrite: true }))).reason, "not-in-place");
	const copied = await world.over(await world.wish("copy"));
	assert.equal(copied.state, "done", mover.output);
	service.account("medstack").containers.get("files")?.delete("goes");
	await world.rows("db", `CREATE TABLE public.docs (url text)`);
	await world.rows("db", `INSERT INTO public.docs VALUES ('http://${oldBase()}/a.pdf')`);
	const last = await world.over(await world.wish("objects", { final: true, rewrite: true, delete: 1 }));
	assert.equal(last.state, "done", mover.output);
	assert.deepEqual([...(service.account("acmefiles").containers.get("documents")?.keys() ?? [])], [NAME]);
	assert.deepEqual(await world.rows("db", "SELECT url FROM public.docs"), [{ url: `http://${newBase()}/a.pdf` }]);
	const verified = await world.over(await world.wish("verify"));
	assert.deepEqual([verified.state, verified.reason], ["refused", "rewritten"], mover.output);
	const journal = JSON.stringify(await world.rows("move", "SELECT * FROM public.journal"));
	const { MOVE_OBJECTS_DOCUMENTS, MOVE_OBJECTS_DOCUMENTS_TARGET } = environment();
	for (const text of [journal, mover.output]) {
		assert.doesNotMatch(text, /Lovelace/);
		for (const address of [MOVE_OBJECTS_DOCUMENTS, MOVE_OBJECTS_DOCUMENTS_TARGET]) {
			assert.ok(!text.includes(new URL(address).searchParams.get("sig") ?? ""), "a signature is in sight");
		}
	}
	assert.match(journal, /"deep":false,[^}]*"live":false,[^}]*"summed":1,"deleted":1,/);
	// The operator has gone on to trial; a wish of before is taken up late, or made by hand.
	await world.rows(
		"move",
		`SELECT public.append_line('r1', '', 'switch', '', state, '0123456789ab', 1, '{"phase": "trial", "from": "frozen"}', false)
		FROM unnest('{begin,note}'::text[]) AS state`,
	);
	for (const given of [{}, { final: true }]) {
		assert.equal((await world.over(await world.wish("objects", given))).reason, "in-use", mover.output);
	}
});

test("killed in a pass, it is taken up by another mover; a difference is named by count, and by name in the report alone; another source wants a word", async () => {
	put(NAME, "one");
	const first = world.startMover({ ...environment(), KILL_AT: "storage.documents objects begin" });
	const id = await world.wish("objects", { deep: true });
	await first.killed();
	// What the service sends of the copy is not what it sends of the source.
	const next = world.startMover(environment());
	service.fault = ({ operation, account }) => {
		const copy = service.account("acmefiles").containers.get("documents")?.get(NAME);
		if (operation === "read" && account === "acmefiles" && copy !== undefined) copy.data = Buffer.from("ONE");
		return undefined;
	};
	const ended = await world.over(id).finally(() => {
		service.fault = () => undefined;
	});
	assert.deepEqual([ended.state, ended.reason, ended.run], ["failed", "unequal", "r1"], next.output);
	assert.match(next.output, /storage\.documents: differs: 1 objects differ in their bytes/);
	assert.doesNotMatch(next.output, /Lovelace/);
	const reports = await readReports(await world.moveDatabase(), "r1");
	const proof = reports.find(({ kind }) => kind === "verification");
	assert.deepEqual((proof?.body as { details: object } | undefined)?.details, {
		failures: {},
		differences: { bytes: [NAME] },
	});
	// It is copied again, as no finished pass says that it is whole.
	service.account("acmefiles").containers.get("documents")?.delete(NAME);
	const again = await world.over(await world.wish("objects"));
	assert.deepEqual([again.state, again.run], ["done", "r2"], next.output);
	await next.end("SIGTERM");
	service.account("medstack").containers.set("other", new Map());
	service.account("medstack").put("other", "b", "two");
	const other = world.startMover({
		...environment(),
		MOVE_OBJECTS_DOCUMENTS: service.address("medstack", "other", "rlt"),
	});
	assert.equal((await world.over(await world.wish("objects"))).reason, "blockers", other.output);
	assert.match(
		await findings("r3"),
		/the source is \S+\/other, and the target has copies of \S+\/files; give the mover/,
	);
	assert.equal((await world.over(await world.wish("objects", { "new-source": true }))).state, "done", other.output);
	assert.match(await findings("r4"), /1 objects of the target were not copied by the mover/);
});

test("an empty source wants a person's word; a pass is paused between two objects, goes on, and is stopped; what is copied stays", async () => {
	const mover = world.startMover({ ...environment(), MOVE_JOBS: "1" });
	assert.equal((await world.over(await world.wish("objects"))).reason, "blockers", mover.output);
	assert.match(await findings("r1"), /the source lists no objects, which a wrong container does too/);
	assert.equal((await world.over(await world.wish("objects", { empty: true }))).state, "done", mover.output);
	for (let n = 0; n < 60; n += 1) put(`object ${n}`, "text");
	service.fault = ({ operation }) => (operation === "copy" ? { waitMs: 100 } : undefined);
	const copies = () => service.account("acmefiles").containers.get("documents")?.size ?? 0;
	const until = async (holds: () => boolean) => {
		for (const deadline = Date.now() + 30_000; !holds(); await sleep(20))
			assert.ok(Date.now() < deadline, mover.output);
	};
	const id = await world.wish("objects");
	await until(() => copies() > 0);
	await world.over(await world.wish("pause"));
	await sleep(300);
	const paused = copies();
	await sleep(500);
	assert.ok(paused < 60, "it was paused in the middle");
	assert.equal(copies(), paused);
	await world.wish("resume");
	await until(() => copies() > paused);
	await world.wish("stop");
	const stopped = await world.over(id);
	assert.deepEqual([stopped.state, stopped.reason], ["stopped", "operator"], mover.output);
	service.fault = () => undefined;
	assert.ok(copies() < 60);
	assert.equal((await world.over(await world.wish("objects"))).state, "done", mover.output);
	assert.equal(copies(), 60);
});

test("databases move without a SAS, and objects say what is missing", async () => {
	const { MOVE_TARGET } = environment();
	const without = world.startMover({ MOVE_TARGET });
	assert.equal((await world.over(await world.wish("objects"))).reason, "blockers");
	assert.match(await findings("r1"), /the mover has no SAS of the source; give its service MOVE_OBJECTS_DOCUMENTS, or/);
	assert.equal((await world.over(await world.wish("check"))).state, "done", without.output);
	assert.equal((await world.over(await world.wish("copy"))).state, "done", without.output);
});

const OLD = "medfiles.blob.core.windows.net";
const RENAMINGS: Renaming[] = [
	{ from: `${OLD}/files`, to: "acmefiles.blob.core.windows.net/documents" },
	{ from: `${OLD}/scans`, to: "acmefiles.blob.core.windows.net/scans-2" },
];

test("URLs are found in every kind of text, and only addresses of the containers that move are rewritten", async () => {
	const values: [string, string, string][] = [
		["text", `https://${OLD}/files/a.pdf?sig=x`, "https://acmefiles.blob.core.windows.net/documents/a.pdf?sig=x"],
		[
			"varchar(120)",
			`see https://${OLD}/scans and https://${OLD}/files/b`,
			"see https://acmefiles.blob.core.windows.net/scans-2 and https://acmefiles.blob.core.windows.net/documents/b",
		],
		["jsonb", `{"a": ["https://${OLD}/files/c"]}`, '{"a": ["https://acmefiles.blob.core.windows.net/documents/c"]}'],
		[
			"json",
			`{"a":"https:\\/\\/${OLD}\\/files\\/c"}`,
			'{"a":"https:\\/\\/acmefiles.blob.core.windows.net\\/documents\\/c"}',
		],
		[
			"varchar(90)[]",
			`{"https://${OLD}/files/a, b",x}`,
			'{"https://acmefiles.blob.core.windows.net/documents/a, b",x}',
		],
		["address", `HTTPS://${OLD.toUpperCase()}/files/d`, "HTTPS://acmefiles.blob.core.windows.net/documents/d"],
		[
			"text",
			`/proxy?u=https%3A%2F%2F${OLD}%2Ffiles%2Fe`,
			"/proxy?u=https%3A%2F%2Facmefiles.blob.core.windows.net%2Fdocuments%2Fe",
		],
	];
	const kept = [
		`https://x${OLD}/files/a`,
		`https://${OLD}/files-2/a`,
		`https://${OLD}/other/a`,
		OLD,
		`https://my-${OLD}/files/`,
	];
	const columns = values.map(([type], n) => `"C ${n}" ${type}`).join(", ");
	await execute(
		{ url: world.source.url() },
		`DROP DOMAIN IF EXISTS address; CREATE DOMAIN address AS text; CREATE TABLE docs (${columns}, "kept's" text, short varchar(60), twice text GENERATED ALWAYS AS ("C 0" || '!') STORED);
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''triggered''; END';
		CREATE TRIGGER refuse BEFORE UPDATE ON docs FOR EACH ROW EXECUTE FUNCTION refuse()`,
	);
	try {
		await withSession({ url: world.source.url() }, {}, async (client) => {
			const names = values.map((_, n) => `"C ${n}"`).join(", ");
			const places = values.map((_, n) => `$${n + 1}`).join(", ");
			await client.query(
				`INSERT INTO public.docs (${names}) VALUES (${places})`,
				values.map(([, value]) => value),
			);
			for (const value of kept) await client.query(`INSERT INTO public.docs ("kept's") VALUES ($1)`, [value]);
			const counts = (columns: readonly UrlColumn[]) => columns.map(({ column, rows, moved }) => [column, rows, moved]);
			const found = await countUrls(client, RENAMINGS);
			assert.deepEqual(counts(found), [...values.map((_, n) => [`"C ${n}"`, 1, 1]), [`"kept's"`, 3, 0]]);
			assert.equal(await rewriteUrls(client, RENAMINGS, found, 1), 1);
			const { rows } = await client.query(
				`SELECT ${values.map((_, n) => `"C ${n}"::text AS c${n}`).join(", ")}, twice FROM public.docs WHERE "kept's" IS NULL`,
			);
			assert.deepEqual(Object.values(rows[0]), [...values.map(([, , value]) => value), `${values[0]?.[2]}!`]);
			const left = await client.query(
				`SELECT "kept's" AS kept FROM public.docs WHERE "kept's" IS NOT NULL ORDER BY ctid`,
			);
			assert.deepEqual(
				left.rows.map((row) => row.kept),
				kept,
			);
			// Two that fit no more: nothing is rewritten.
			await client.query('INSERT INTO public.docs (short, "C 0") VALUES ($1::text, $1::text)', [
				`https://${OLD}/files/${"x".repeat(15)}`,
			]);
			const again = await countUrls(client, RENAMINGS);
			await assert.rejects(
				rewriteUrls(client, RENAMINGS, again, 1),
				/^Error: public\.docs: its URLs cannot be rewritten, as the new ones do not fit; widen "C 0", short, or/,
			);
			await client.query(
				`ALTER TABLE public.docs ADD CHECK (short LIKE '%${OLD}%' OR short IS NULL), ALTER short TYPE text`,
			);
			await assert.rejects(
				rewriteUrls(client, RENAMINGS, again, 1),
				/^Error: public\.docs: its URLs cannot be rewritten \(SQLSTATE 23514, .*\); rewrite them in the application$/,
			);
			await client.query("ALTER TABLE public.docs ENABLE ALWAYS TRIGGER refuse");
			await assert.rejects(
				rewriteUrls(client, RENAMINGS, again, 1),
				/^Error: public\.docs: its URLs cannot be rewritten, as trigger refuse would act on each row .*ALTER TABLE public\.docs ENABLE TRIGGER refuse$/,
			);
			assert.deepEqual(counts(await countUrls(client, RENAMINGS)), counts(again));
		});
	} finally {
		await execute({ url: world.source.url() }, "DROP TABLE docs; DROP FUNCTION refuse; DROP DOMAIN address");
	}
});
