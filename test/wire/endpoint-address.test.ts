import assert from "node:assert/strict";
import { test } from "node:test";
import { addressAt, hostIn } from "../../wire/endpoint-address.ts";

test("an address has the scheme of its kind, and a port where it has one", () => {
	const address = (kind: "https" | "grpc" | "tls" | "tcp" | "database", ...ports: number[]) =>
		addressAt("a.example", { kind, ports });
	assert.deepEqual(
		[address("https", 3000), address("grpc", 50051), address("tls", 8883), address("tcp"), address("tcp", 1, 2)],
		["https://a.example", "grpcs://a.example", "tls://a.example:8883", "tcp://a.example", "tcp://a.example"],
	);
	assert.equal(address("database", 20001), "tcp://a.example:20001");
});

test("the host name of an address is what stands before port and path", () => {
	for (const address of ["https://a.example", "tcp://a.example:1883", "grpcs://a.example/"]) {
		assert.equal(hostIn(address), "a.example");
	}
	assert.deepEqual([hostIn("https://*.acme.example"), hostIn("https://")], ["*.acme.example", ""]);
});
