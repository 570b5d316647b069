import assert from "node:assert/strict";
import { test } from "node:test";
import { readDatabaseReference, readEndpointReference } from "../../wire/references.ts";

const read = (reference: string) => {
	const { database, credential, part } = readDatabaseReference(reference) ?? {};
	return [database, credential, part];
};

test("a reference to a database names its default credentials or others, and a handle may have dots", () => {
	assert.deepEqual(read("databases.main.url"), ["main", undefined, "url"]);
	assert.deepEqual(read("databases.main.v2.url"), ["main.v2", undefined, "url"]);
	assert.deepEqual(read("databases.cache.urls.redis+ssl"), ["cache", "redis+ssl", "url"]);
	assert.deepEqual(read("databases.a.urls.url"), ["a.urls", undefined, "url"]);
	for (const other of [
		"databases.main",
		"databases.main.urls",
		"databases.main.urls.",
		"secrets.url",
		"storage.documents.url",
		"databases",
	]) {
		assert.deepEqual(read(other), [undefined, undefined, undefined], other);
	}
});

test("a part is of the default credentials, or of those of the type before it", () => {
	assert.deepEqual(read("databases.main.v2.host"), ["main.v2", undefined, "host"]);
	assert.deepEqual(read("databases.cache.redis+ssl.port"), ["cache", "redis+ssl", "port"]);
	assert.deepEqual(read("databases.queue.amqps.password"), ["queue", "amqps", "password"]);
	assert.deepEqual(read("databases.queue.mysql+nossl.user"), ["queue", "mysql+nossl", "user"]);
	assert.deepEqual(read("databases.queue.urls.other.user"), ["queue", "other", "user"]);
	// A handle that ends in such a word has its default credentials by their type.
	assert.deepEqual(read("databases.my.redis.redis.host"), ["my.redis", "redis", "host"]);
	assert.deepEqual(read("databases.redis.host"), ["redis", undefined, "host"]);
	assert.deepEqual(read("databases.host"), [undefined, undefined, undefined]);
	assert.deepEqual(read("databases.main.urls..host"), ["main.urls.", undefined, "host"]);
});

test("what was a URL before there were parts still is one", () => {
	assert.deepEqual(read("databases.main.urls.host"), ["main", "host", "url"]);
	assert.deepEqual(read("databases.cache.redis.url"), ["cache.redis", undefined, "url"]);
	assert.deepEqual(read("databases.main.host.url"), ["main.host", undefined, "url"]);
});

test("a reference to an endpoint names its app, which may have dots, and what of its address", () => {
	const wanted = { app: "gateway.v2", endpoint: "internal", part: "host" };
	assert.deepEqual(readEndpointReference("apps.gateway.v2.endpoints.internal.host"), wanted);
	for (const other of ["apps.a.endpoints.b", "apps.a.endpoints.b.port", "apps.a.url", "databases.a.endpoints.b.url"]) {
		assert.equal(readEndpointReference(other), undefined, other);
	}
});
