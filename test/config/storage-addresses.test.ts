import assert from "node:assert/strict";
import { test } from "node:test";
import { admits, privateNetworkOf, rulesOf, sortRules } from "../../config/azure/storage-addresses.ts";

test("a /32 is its address and a /31 its two addresses, as Azure takes neither", () => {
	assert.deepEqual(rulesOf("203.0.113.10/32"), ["203.0.113.10"]);
	assert.deepEqual(rulesOf("203.0.113.10"), ["203.0.113.10"]);
	assert.deepEqual(rulesOf("203.0.113.10/31"), ["203.0.113.10", "203.0.113.11"]);
	assert.deepEqual(rulesOf("203.0.113.11/31"), ["203.0.113.10", "203.0.113.11"]);
	assert.deepEqual(rulesOf("203.0.113.99/24"), ["203.0.113.0/24"]);
});

test("what is no IPv4 address is no rule", () => {
	for (const text of ["2001:db8::1", "203.0.113.10/33", "203.0.113", "203.0.113.10/24/8", ""]) {
		assert.throws(() => rulesOf(text), new Error(`"${text}" is not an IPv4 address or range`));
	}
});

test("rules are sorted by number and each is there once", () => {
	assert.deepEqual(sortRules(["203.0.113.10", "9.9.9.9", "203.0.113.9", "203.0.113.10", "203.0.113.0/24"]), [
		"9.9.9.9",
		"203.0.113.0/24",
		"203.0.113.9",
		"203.0.113.10",
	]);
});

test("private networks are known to their edges", () => {
	const cases: [string, string | undefined][] = [
		["10.0.0.0", "10.0.0.0/8"],
		["10.255.255.255/32", "10.0.0.0/8"],
		["11.0.0.0", undefined],
		["172.15.255.255", undefined],
		["172.16.0.0", "172.16.0.0/12"],
		["172.31.255.255", "172.16.0.0/12"],
		["172.32.0.0", undefined],
		["192.168.1.0/24", "192.168.0.0/16"],
		["100.64.0.1", "100.64.0.0/10"],
		["203.0.113.10/32", undefined],
	];
	for (const [address, network] of cases) assert.equal(privateNetworkOf(address), network, address);
});

test("a rule lets in what lies in it and nothing else", () => {
	assert.ok(admits("203.0.113.10", "203.0.113.10"));
	assert.ok(!admits("203.0.113.10", "203.0.113.11"));
	assert.ok(admits("203.0.113.0/24", "203.0.113.255"));
	assert.ok(!admits("203.0.113.0/24", "203.0.114.0"));
	assert.ok(admits("128.0.0.0/1", "203.0.113.10"));
});
