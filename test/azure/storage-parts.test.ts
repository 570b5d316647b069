import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sasClock } from "../../components/azure/storage-clock.ts";
import { findMissingCredentials, requireAzure } from "../../components/azure/storage-credentials.ts";
import { collectFirewallAddresses } from "../../components/azure/storage-firewall.ts";
import { sasPeriod, sasWindow } from "../../components/azure/storage-sas.ts";

test("every moment of a window has the same dates, to the second", () => {
	const window = { start: "2026-11-15T23:45:00Z", renews: "2026-12-16T00:00:00Z", expires: "2027-01-15T00:00:00Z" };
	for (const now of [
		"2026-11-16T00:00:00Z",
		"2026-11-25T12:00:00Z",
		"2026-11-25T12:01:00Z",
		"2026-12-15T23:59:59.999Z",
	]) {
		assert.deepEqual(sasWindow(new Date(now), 30), window, now);
	}
});

test("the next window begins where the last one said, and overlaps it for a whole window", () => {
	const before = sasWindow(new Date("2026-12-15T23:59:59.999Z"), 30);
	const after = sasWindow(new Date(before.renews), 30);
	assert.equal(after.start, "2026-12-15T23:45:00Z");
	assert.equal(after.renews, before.expires);
});

test("windows of a week begin on Mondays", () => {
	assert.equal(new Date(sasWindow(new Date("2026-11-25T12:00:00Z"), 7).renews).getUTCDay(), 1);
});

test("the account's policy lets a token live exactly as long as ours do", () => {
	const { start, expires } = sasWindow(new Date("2026-11-25T12:00:00Z"), 30);
	const [days = "0", hours = "0", minutes = "0"] = sasPeriod(30).split(/[.:]/);
	const period = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000;
	assert.equal(new Date(expires).getTime() - new Date(start).getTime(), period);
});

test("the clock is now unless the variable says otherwise", () => {
	assert.equal(sasClock({ STORAGE_SAS_CLOCK: "2027-01-15T00:00:00Z" }).toISOString(), "2027-01-15T00:00:00.000Z");
	assert.ok(Math.abs(sasClock({}).getTime() - Date.now()) < 5_000);
	assert.throws(() => sasClock({ STORAGE_SAS_CLOCK: "tomorrow" }), {
		message: 'STORAGE_SAS_CLOCK: "tomorrow" is not a date; allowed: for example 2027-01-15T00:00:00Z',
	});
});

test("the firewall takes the stack's addresses in any order, with those of the stage file", () => {
	const rules = ["198.51.100.7", "203.0.113.9", "203.0.113.10"];
	assert.deepEqual(collectFirewallAddresses(["203.0.113.10/32", "203.0.113.9/32"], ["198.51.100.7"]), rules);
	assert.deepEqual(collectFirewallAddresses(["203.0.113.9/32", "203.0.113.10/32"], ["198.51.100.7"]), rules);
});

test("a private outbound address is refused with what to do", () => {
	assert.throws(() => collectFirewallAddresses(["10.0.0.5/32"], []), {
		message:
			"the Aptible stack's outbound address 10.0.0.5/32 is in 10.0.0.0/8, which Azure's firewall refuses; ask Aptible's support for the public addresses of the stack",
	});
});

test("more rules than Azure allows are refused", () => {
	const many = Array.from({ length: 401 }, (_, index) => `20.0.${Math.floor(index / 256)}.${index % 256}`);
	assert.throws(() => collectFirewallAddresses([], many), /would have 401 IP rules, and Azure allows 400/);
});

const principal = { ARM_SUBSCRIPTION_ID: "s", ARM_TENANT_ID: "t", ARM_CLIENT_ID: "c" };

test("each way to log in needs what it needs, and all that is missing is named", async () => {
	const folder = await mkdtemp(join(tmpdir(), "az-"));
	await writeFile(join(folder, "az"), "");
	const nothing = [
		"ARM_SUBSCRIPTION_ID",
		"ARM_TENANT_ID",
		"ARM_CLIENT_ID",
		"ARM_CLIENT_SECRET (or another way to log in)",
	];
	const cases: [NodeJS.ProcessEnv, string[]][] = [
		[{}, nothing],
		[{ PATH: folder }, []],
		[{ ...principal }, ["ARM_CLIENT_SECRET (or another way to log in)"]],
		[{ ...principal, PATH: folder }, ["ARM_CLIENT_SECRET (or another way to log in)"]],
		[{ ...principal, ARM_CLIENT_SECRET: "x" }, []],
		[{ ARM_CLIENT_SECRET: "x" }, ["ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_CLIENT_ID"]],
		[{ ...principal, ARM_TENANT_ID: "", ARM_USE_OIDC: "true" }, ["ARM_TENANT_ID"]],
		[{ ARM_USE_MSI: "true" }, ["ARM_SUBSCRIPTION_ID"]],
		[{ ARM_USE_DEFAULT_AZURE_CREDENTIAL: "true" }, []],
	];
	for (const [variables, missing] of cases)
		assert.deepEqual(findMissingCredentials(variables), missing, JSON.stringify(variables));
});

test("a stage with storage and no login fails with the whole list", () => {
	assert.throws(() => requireAzure("storage", { ARM_SUBSCRIPTION_ID: "s" }), {
		message: [
			"this stage has storage in Azure, and there is no login to Azure. Not set:",
			"  ARM_TENANT_ID",
			"  ARM_CLIENT_ID",
			"  ARM_CLIENT_SECRET (or another way to log in)",
			"Set them for a service principal, or install the Azure CLI and run `az login`. A stage without storage and dns needs neither.",
		].join("\n"),
	});
});
