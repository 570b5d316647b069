import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { exchange, type Sent } from "../../../aptible/api/exchange.ts";

/** Serves one kind of answer; gives its address. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function get(change: Partial<Sent> = {}): Sent {
	return { method: "GET", headers: { Authorization: "Bearer t" }, signal: new AbortController().signal, ...change };
}

const packed = gzipSync(JSON.stringify({ text: "é".repeat(1000) }));

test("a packed answer is unpacked, and one that breaks off is an error", async (t) => {
	const whole = await serve(t, (request, response) => {
		assert.equal(request.headers["accept-encoding"], "gzip");
		response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
	});
	assert.deepEqual(JSON.parse((await exchange(whole, get())).text), { text: "é".repeat(1000) });
	for (const headers of [{ "content-encoding": "gzip" }, {}]) {
		const cut = await serve(t, (_, response) => {
			response.writeHead(200, { ...headers, "content-length": packed.length });
			response.write(packed.subarray(0, 20), () => response.destroy());
		});
		await assert.rejects(exchange(cut, get()));
	}
});

test("what is sent arrives whole, with its length", async (t) => {
	const heard: string[] = [];
	const url = await serve(t, async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		heard.push(`${request.method} ${request.headers["content-length"]} ${body}`);
		response.writeHead(204).end();
	});
	const { status, text } = await exchange(url, get({ method: "POST", body: '{"é":1}' }));
	assert.deepEqual([status, text, heard], [204, "", ['POST 8 {"é":1}']]);
});

test("a loop of redirects ends, and a change is led nowhere", async (t) => {
	let asked = 0;
	const url = await serve(t, (_, response) => {
		asked += 1;
		response.writeHead(302, { location: "/" }).end();
	});
	assert.equal((await exchange(url, get())).status, 302);
	assert.equal(asked, 6);
	assert.equal((await exchange(url, get({ method: "POST" }))).status, 302);
	assert.equal(asked, 7);
});

test("a request that is given up ends with the reason, before its answer and in it", async (t) => {
	for (const start of [false, true]) {
		const url = await serve(t, (_, response) => {
			if (start) response.writeHead(200).write("{");
		});
		const signal = AbortSignal.timeout(300);
		await assert.rejects(exchange(url, get({ signal })), (error) => error === signal.reason);
	}
});
