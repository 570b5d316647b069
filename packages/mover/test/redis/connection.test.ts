import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Redis, startRedis } from "@medstack-to-aptible/sandbox/redis/server.ts";
import { withRedis } from "../../redis/connection.ts";

let server: Redis;
before(async () => {
	server = await startRedis({ release: "trixie" });
});
after(() => server?.stop());

/** What the library waits for a command that it cannot send yet, unless it is told otherwise. */
const LIBRARY_MS = 5_000;

test("a server that takes nothing for a while is waited for: a slow line is no error", async () => {
	assert.ok(server.pid);
	const { pid } = server;
	await withRedis({ url: server.url(), ca: server.ca }, async (session) => {
		process.kill(pid, "SIGSTOP");
		try {
			// More than the buffers on the way take.
			const sent = Array.from({ length: 64 }, (_, index) => session.send("SET", `key:${index}`, Buffer.alloc(1 << 20)));
			const settled = Promise.allSettled(sent);
			await sleep(LIBRARY_MS + 1_000);
			process.kill(pid, "SIGCONT");
			const failed = (await settled).filter(({ status }) => status === "rejected");
			assert.deepEqual(failed, []);
		} finally {
			process.kill(pid, "SIGCONT");
		}
	});
});
