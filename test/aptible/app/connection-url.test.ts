import assert from "node:assert/strict";
import { test } from "node:test";
import { readUrlPart } from "../../../aptible/app/connection-url.ts";
import { rememberUrls } from "../../../aptible/app/values.ts";
import { Context } from "../../../aptible/context.ts";
import { databaseParts, partsByType } from "../../../wire/references.ts";

/** Every part of a connection URL. */
const partsOf = (url: string) =>
	Object.fromEntries(databaseParts.slice(1).map((part) => [part, readUrlPart(url, part)]));

const host = "db-acme-1.aptible.in";

// As the images of Aptible print them (facts/aptible.md §3.3).
const urls: Record<string, string> = {
	postgresql: `postgresql://aptible:pw@${host}:20001/db`,
	mysql: `mysql://aptible:pw@${host}:20001/db`,
	redis: `redis://aptible:pw@${host}:20001`,
	mongodb: `mongodb://aptible:pw@${host}:20001/db?ssl=true`,
	elasticsearch: `https://aptible:pw@${host}:20001`,
	influxdb: `https://aptible:pw@${host}:20001`,
	rabbitmq: `amqps://aptible:pw@${host}:20001/db`,
};

for (const [type, url] of Object.entries(urls)) {
	test(`the URL of ${type} has the parts that a stage file may ask for, and no other`, () => {
		const found = Object.entries(partsOf(url)).filter(([, value]) => value !== undefined);
		assert.deepEqual(
			found.map(([part]) => part),
			partsByType[type],
		);
		const { jdbcUrl: _, ...plain } = Object.fromEntries(found);
		assert.deepEqual(plain, {
			...{ host, port: "20001", user: "aptible", password: "pw" },
			...(url.includes("/db") ? { name: "db" } : {}),
		});
	});
}

test("a JDBC URL has neither user nor password, and asks for TLS", () => {
	assert.equal(partsOf(urls.postgresql ?? "").jdbcUrl, `jdbc:postgresql://${host}:20001/db?sslmode=require`);
	assert.equal(partsOf(urls.mysql ?? "").jdbcUrl, `jdbc:mysql://${host}:20001/db?sslMode=REQUIRED`);
	const unusual = partsOf(`postgres://u%40x:p%2F%3A@${host}/my%20db?sslmode=disable`);
	assert.equal(unusual.jdbcUrl, `jdbc:postgresql://${host}/my%20db?sslmode=require`);
	assert.deepEqual([unusual.user, unusual.password, unusual.name, unusual.port], ["u@x", "p/:", "my db", undefined]);
});

test("what stands plain in a password does not end it, and what is no encoding stays", () => {
	const parts = partsOf("redis://:p@ss/w1rd%zz@[::1]:6379");
	assert.deepEqual([parts.user, parts.password, parts.host], [undefined, "p@ss/w1rd%zz", "[::1]"]);
	assert.deepEqual(Object.values(partsOf("no url")), Array(6).fill(undefined));
});

test("a password that was taken apart is masked in every form", () => {
	const context = new Context({ write: () => {} });
	const password = 'pa"ss word/100%';
	const connectionUrl = `postgresql://aptible:${encodeURIComponent(password)}@${host}:20001/db`;
	rememberUrls(context, { id: 1, handle: "main", connectionUrl, credentials: [] });
	assert.equal(readUrlPart(connectionUrl, "password"), password);
	const forms = [password, encodeURIComponent(password), JSON.stringify(password), connectionUrl];
	const text = context.redactor.mask([...forms, Buffer.from(password).toString("base64")].join(" "));
	for (const piece of ["pa", "word", "100", Buffer.from(password).toString("base64").slice(4, 12)]) {
		assert.ok(!text.replaceAll("aptible", "").includes(piece), text);
	}
});
