/** The mover as it runs at MedStack: the image of its Dockerfile, read-only, as nobody, on a network with its two servers alone. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startAptiblePostgres } from "@medstack-to-aptible/sandbox/aptible/postgresql.ts";
import {
	MEDSTACK_ADMIN,
	MEDSTACK_DATABASE,
	startMedstackSource,
} from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { execute } from "@medstack-to-aptible/sandbox/postgresql/execute.ts";
import type { Postgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import pg from "pg";
import { type Command, wish } from "../journal/wishes.ts";
import { openMoveDatabase } from "../work.ts";
import { type Container, type Image, makeNetwork, type Network, startContainer, unpackImage } from "./support/image.ts";
import { limitMemory, type MemoryLimit } from "./support/memory-limit.ts";
import { untilOver } from "./support/mover-process.ts";
import { watchChildOf } from "./support/watch.ts";

const MB = 1_000_000;
const MIB = 2 ** 20;
/** What the service is given in MedStack (docs/move.md). */
const LIMIT = 512 * MIB;

let image: Image;
let network: Network;
let memory: MemoryLimit;
let source: Postgres;
let target: Postgres;
let container: Container | undefined;
const admin = { ...MEDSTACK_ADMIN, password: randomBytes(12).toString("hex") };

before(async () => {
	image = await unpackImage();
	network = await makeNetwork();
	memory = await limitMemory(LIMIT);
	[source, target] = await Promise.all([
		startMedstackSource({ address: network.source, namespace: network.namespaces.source, clinicScale: 0.01 }),
		startAptiblePostgres({ address: network.host }),
	]);
	await execute(source.localUrl(), `ALTER ROLE ${admin.name} PASSWORD '${admin.password}'`);
});
after(async () => {
	await container?.end();
	await Promise.all([source?.stop(), target?.stop()]);
	await network?.remove();
	await memory?.remove();
	await image?.remove();
});

async function perform(command: Command): Promise<string> {
	const client = await openMoveDatabase({ target: { url: target.url("db") } });
	try {
		const id = await wish(client, command, {});
		const { state } = await untilOver(client, id, () => {
			assert.equal(container?.child.exitCode, null, container?.output);
		});
		return state;
	} finally {
		await client.end();
	}
}

test("the image is small", async (t) => {
	const bytes = await image.compressedBytes();
	t.diagnostic(`compressed: ${(bytes / MB).toFixed(0)} MB`);
	assert.ok(bytes > 50 * MB, `${bytes} bytes cannot hold Node and the clients`);
	assert.ok(bytes <= 150 * MB, `${(bytes / MB).toFixed(0)} MB, at most 150 MB`);
});

/** Does all that the mover must not do. */
const MISBEHAVED = `
	const fs = require("node:fs");
	require("node:net").createServer().listen(7000, "127.0.0.1");
	require("node:dgram").createSocket("udp4").bind(7001, "127.0.0.1");
	fs.writeFileSync("/tmp/rows", "a row");
	for (const folder of ["", "/mover", "/var/tmp", "/run", "/run/lock", "/run/secrets", "/dev", "/dev/shm", "/proc"]) {
		try {
			fs.writeFileSync(folder + "/rows", "a row");
			console.log("wrote to " + folder);
		} catch {}
	}
	console.log("ready");
	setInterval(() => {}, 1000);
`;

test("what the mover must not do is seen or impossible in such a container", { timeout: 60_000 }, async () => {
	const entrypoint = ["node", "--eval", MISBEHAVED, "a-password"];
	const other = await startContainer({ ...image, entrypoint }, network, { variables: {}, secrets: {}, memory });
	const { seen, stop } = watchChildOf(other.child.pid ?? 0);
	try {
		while (!other.output.includes("ready") && other.child.exitCode === null) await sleep(20);
		while (seen.files.size === 0 || seen.listening.size < 2) await sleep(20);
	} finally {
		stop();
		await other.end();
	}
	assert.deepEqual([...seen.listening].sort(), ["tcp 0100007F:1B58", "udp 0100007F:1B59"]);
	assert.deepEqual([...seen.files], [["/tmp/rows", "a row"]]);
	assert.match([...seen.commands].join("\n"), /a-password/);
	assert.equal(other.output, "ready\n");
});

test("a container that takes more memory than it is given is ended", { timeout: 180_000 }, async (t) => {
	t.diagnostic(`by ${memory.by}`);
	const take = "const held = []; while (held.length < 700) held.push(Buffer.alloc(2 ** 20, 1)); console.log('held');";
	const entrypoint = ["node", "--eval", take];
	const other = await startContainer({ ...image, entrypoint }, network, { variables: {}, secrets: {}, memory });
	const [code, signal] = other.child.exitCode === null ? await once(other.child, "close") : [other.child.exitCode];
	await other.end();
	assert.ok(code !== 0 || signal !== null, other.output);
	assert.doesNotMatch(other.output, /held/);
});

test("with MOVE_STEP=page the same image listens on one port, as nobody, and refuses to with a secret", async () => {
	const variables = { MOVE_STEP: "page", PORT: "18080" };
	const page = await startContainer(image, network, { variables, secrets: {}, memory });
	const { seen, stop } = watchChildOf(page.child.pid ?? 0);
	try {
		while (!page.output.includes('"started"') && page.child.exitCode === null) await sleep(20);
		for (const deadline = Date.now() + 10_000; seen.listening.size === 0 && Date.now() < deadline; ) await sleep(20);
	} finally {
		stop();
		await page.end();
	}
	assert.match(page.output, /^\{.*"kind":"started","dropped":0\}\n/);
	assert.deepEqual([...seen.users], ["65534\t65534\t65534\t65534"]);
	assert.deepEqual(
		[...seen.listening].map((one) => one.split(":").at(-1)),
		["46A0"],
	);
	const refused = await startContainer(image, network, { variables, secrets: { "move-target": "{}" }, memory });
	if (refused.child.exitCode === null) await once(refused.child, "close");
	await refused.end();
	assert.match(refused.output, /\/run\/secrets\/move-target: a secret is mounted/);
});

test("nobody but the mover reaches the source", async () => {
	const reach = async (connectionString: string) => {
		const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
		await client.connect();
		await client.end();
	};
	// A gateway may take the connection, as some firewalls do; the source does not.
	await assert.rejects(reach(source.url()));
	await reach(source.localUrl());
	await reach(target.url());
	const probe = `require("node:net").connect(${source.port}, "${network.source}").on("connect", () => { console.log("reached"); process.exit(); }).on("error", (error) => console.log(error.code))`;
	const entrypoint = ["node", "--eval", probe];
	const other = await startContainer({ ...image, entrypoint }, network, { variables: {}, secrets: {}, memory });
	if (other.child.exitCode === null) await once(other.child, "close");
	await other.end();
	assert.equal(other.output, "reached\n");
});

test("in its image the mover checks and copies a clinic: as nobody, listening on nothing, with little memory, nothing written but in /tmp, no credential in sight", async (t) => {
	const bare = (url: string) => url.replace(/\?.*/, "");
	const main = { type: "postgresql", url: bare(target.url("db")), ca: target.ca, aptibleId: 7 };
	container = await startContainer(image, network, {
		memory,
		variables: {
			MOVE_SOURCE_MAIN_FILE: "/run/secrets/main",
			MOVE_SOURCE_MAIN_CA_FILE: "/run/secrets/main-ca",
		},
		secrets: {
			"move-target": JSON.stringify({ stage: "prod", databases: { main } }),
			main: bare(source.url(MEDSTACK_DATABASE, admin)),
			"main-ca": source.ca,
		},
	});
	const before = await memory.kills();
	const { seen, stop } = watchChildOf(container.child.pid ?? 0);
	try {
		assert.equal(await perform("check"), "done", container.output);
		assert.equal(await perform("copy"), "done", container.output);
	} finally {
		stop();
	}
	const commands = [...seen.commands];
	t.diagnostic(
		`held to 512 MiB by ${memory.by}; peak of the mover itself: ${(seen.ownPeak / MIB).toFixed(0)} MiB, with its children: ${(seen.treePeak / MIB).toFixed(0)} MiB; ` +
			`${seen.looks} looks, ${commands.length} command lines, ${seen.files.size} files in /tmp`,
	);
	// What is asserted below says something only where the mover was looked at while it worked.
	for (const program of ["node", "psql", "pg_dump"]) {
		assert.ok(
			commands.some((line) => line.split(" ", 1)[0]?.endsWith(program)),
			`${program} was not seen:\n${commands.join("\n")}`,
		);
	}
	assert.ok(seen.files.size > 0, "no file was seen in /tmp");
	assert.deepEqual([...seen.users], ["65534\t65534\t65534\t65534"]);
	assert.deepEqual([...seen.listening], []);
	assert.deepEqual([...seen.writable], ["/tmp"]);
	const passwords = [admin.password, target.password];
	for (const text of [...commands, ...seen.files.values(), container.output]) {
		assert.ok(!passwords.some((password) => text.includes(password)), "a password is in sight");
	}
	assert.ok(seen.ownPeak <= 256 * MIB, `the mover itself: ${seen.ownPeak} bytes, at most 256 MiB`);
	assert.ok(seen.treePeak <= LIMIT, `with its children: ${seen.treePeak} bytes, at most 512 MiB`);
	assert.equal(await memory.kills(), before, "nothing was ended for want of memory");
});
