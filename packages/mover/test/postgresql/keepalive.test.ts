/** Each session asks its peer whether it is there, on both ends and soon enough. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startPsql, Workspace } from "../../postgresql/children.ts";
import { KEEPALIVE, withSession } from "../../postgresql/connection.ts";
import { startTarget, type Target, useImageClients } from "../support/databases.ts";

let target: Target;
before(async () => {
	await useImageClients();
	target = await startTarget();
});
after(() => target?.server.stop());

const SHOW = "SELECT string_agg(setting, ' ' ORDER BY name) AS line FROM pg_settings WHERE name ~ '^tcp_keepalives'";
const EXPECTED = [KEEPALIVE.count, KEEPALIVE.idle, KEEPALIVE.interval].join(" ");

/** Seconds until Linux asks, on connections of this machine to a port; nothing for one on which it never does. */
async function secondsTo(port: number): Promise<(number | undefined)[]> {
	const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").slice(1);
	const hex = port.toString(16).toUpperCase().padStart(4, "0");
	return lines.flatMap((line) => {
		// Local and remote address, state, queues, and a timer: 02 is that of the keepalive, in hundredths of a second.
		const [, , remote = "", state, , timer = ""] = line.trim().split(/\s+/);
		if (!remote.endsWith(`:${hex}`) || state !== "01") return [];
		const [kind, when = ""] = timer.split(":");
		return [kind === "02" ? Number.parseInt(when, 16) / 100 : undefined];
	});
}

function assertSoon(seconds: readonly (number | undefined)[]): void {
	assert.ok(seconds.length > 0);
	for (const each of seconds) assert.ok(each !== undefined && each <= KEEPALIVE.idle, `${seconds}`);
}

test("a session of this process", async () => {
	await withSession(target.login, {}, async (client) => {
		assert.equal((await client.query(SHOW)).rows[0].line, EXPECTED);
		assertSoon(await secondsTo(target.server.port));
	});
});

test("a psql of a workspace's", async () => {
	const workspace = new Workspace();
	const environment = workspace.environment(target.login);
	const psql = startPsql([], environment, ["pipe", "pipe", "pipe"]);
	try {
		psql.stdin?.write(`${SHOW};\n`);
		const [line] = await once(psql.stdout as NodeJS.ReadableStream, "data");
		assert.equal(String(line).trim(), EXPECTED);
		assertSoon(await secondsTo(target.server.port));
	} finally {
		psql.stdin?.end();
		await once(psql, "close");
		workspace.close();
	}
});
