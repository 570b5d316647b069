/** Route 53 and Cloudflare by their own clients, against stand-ins that speak their wire formats. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadOptionalClient } from "@medstack-to-aptible/sandbox/dns/clients.ts";
import {
	type DnsHost,
	type HostedRecord,
	startCloudflare,
	startRoute53,
} from "@medstack-to-aptible/sandbox/dns/hosts.ts";
import { openProvider } from "../../move/dns/open-provider.ts";
import { type DnsProvider, DnsProviderError, optionalClients, type WantedRecord } from "../../move/dns/provider.ts";
import { readText } from "../support/repository.ts";

const ZONE = "acme.example";
const cname = (value: string): WantedRecord => ({ name: "portal.acme.example", type: "CNAME", value, ttlSeconds: 60 });
const address = (value: string, ttl = 3600): HostedRecord => ({ name: "portal.acme.example", type: "A", ttl, value });
const neighbour: HostedRecord = { name: "www.acme.example", type: "A", ttl: 300, value: "203.0.113.1" };

const hosts = {
	route53: {
		start: startRoute53,
		env: (url: string) => ({
			AWS_ENDPOINT_URL_ROUTE_53: url,
			AWS_ACCESS_KEY_ID: "AKIASANDBOX",
			AWS_SECRET_ACCESS_KEY: "sandbox-secret-key",
			AWS_SESSION_TOKEN: "sandbox-session-token",
		}),
		load: () => loadOptionalClient("@aws-sdk/client-route-53", optionalClients["@aws-sdk/client-route-53"]),
		first: "AWS_ACCESS_KEY_ID",
	},
	cloudflare: {
		start: startCloudflare,
		env: (url: string) => ({ CLOUDFLARE_BASE_URL: url, CLOUDFLARE_API_TOKEN: "sandbox-cloudflare-token" }),
		load: () => loadOptionalClient("cloudflare", optionalClients.cloudflare, ["*.ts", "*.mts", "*.map", "*.js"]),
		first: "CLOUDFLARE_API_TOKEN",
	},
};

for (const [via, { start, env, load, first }] of Object.entries(hosts) as [
	keyof typeof hosts,
	(typeof hosts)["route53"],
][]) {
	test(`${via}: a record is made, changed in its value, and takes the place of another type in one change`, async (t) => {
		const host: DnsHost = await start(ZONE, [address("203.0.113.9"), address("203.0.113.10"), neighbour]);
		t.after(() => host.close());
		const hidden: string[] = [];
		const open = (more: object = {}): Promise<DnsProvider> =>
			openProvider(via, {
				env: { ...env(host.url), ...more },
				tell: () => {},
				hide: (one) => void hidden.push(one),
				load,
			});
		const provider = await open();
		assert.equal(provider.isWriting, true);
		assert.deepEqual(
			hidden,
			Object.entries(env("")).flatMap(([name, value]) => (name.endsWith("URL") || name.endsWith("53") ? [] : [value])),
		);
		const put = async (record: WantedRecord, mayReplace = false) => {
			const before = host.changes.length;
			return [await provider.put(ZONE, record, { mayReplace }), host.changes.length - before];
		};
		const own = () => host.records.filter(({ name }) => name === "portal.acme.example");

		await assert.rejects(
			put(cname("portal-old.acme.example")),
			/^DnsProviderError: portal\.acme\.example is A 203\.0\.113\.10, 203\.0\.113\.9, and to make a CNAME of it is for the phase prepare|A 203\.0\.113\.9, 203\.0\.113\.10, and/,
		);
		assert.deepEqual(host.changes, [], "not in the night");
		assert.deepEqual(await put(cname("portal-old.acme.example"), true), ["written", 1]);
		assert.deepEqual(await put(cname("portal-old.acme.example")), ["unchanged", 0]);
		assert.deepEqual(await put(cname("portal-new.acme.example")), ["written", 1]);
		assert.deepEqual(
			own().map(({ type, ttl, value }) => `${ttl} ${type} ${value}`),
			["60 CNAME portal-new.acme.example"],
		);
		const stable = { name: "portal-old.acme.example", type: "A", value: "203.0.113.9", ttlSeconds: 60 } as const;
		assert.deepEqual(
			[await put(stable), await put(stable)],
			[
				["written", 1],
				["unchanged", 0],
			],
		);
		assert.ok(host.records.includes(neighbour), "the others are left alone");

		const changes = host.changes.length;
		const next = { ...stable, value: "203.0.113.10" };
		const foreign =
			/^DnsProviderError: portal-old\.acme\.example is A 203\.0\.113\.9, which by the notes .* has not written/;
		for (const known of [[], ["203.0.113.8"]]) {
			const terms = { mayReplace: true, known };
			await assert.rejects(provider.check(ZONE, next, terms), foreign);
			await assert.rejects(provider.put(ZONE, next, terms), foreign);
			assert.deepEqual(await provider.check(ZONE, stable, terms), ["A"], "it is as it is wanted");
		}
		const terms = { mayReplace: false, known: ["203.0.113.9"] };
		assert.deepEqual(await provider.check(ZONE, next, terms), ["A"]);
		const other = { ...cname("x.acme.example"), name: stable.name };
		await assert.rejects(provider.check(ZONE, other, { mayReplace: false }), /for the phase prepare/);
		assert.equal(host.changes.length, changes, "a check changes nothing");
		assert.equal(await provider.put(ZONE, next, terms), "written");

		await assert.rejects(
			provider.put("other.example", cname("x.acme.example"), { mayReplace: false }),
			/sees no .*zone other\.example/,
		);
		for (const one of own()) one.isFixed = true;
		await assert.rejects(put(cname("x.acme.example")), /its CNAME record (is an alias|is proxied by Cloudflare)/);
		host.records.push({ name: "portal.acme.example", type: "TXT", ttl: 60, value: '"x"' });
		await assert.rejects(put(cname("x.acme.example"), true), /has TXT records, which cannot stand beside a CNAME/);
		await assert.rejects(open({ [first]: "" }), new RegExp(`^DnsProviderError: ${first} is not set; set it to`));
		await assert.rejects(
			(await open({ [first]: "wrong" })).put(ZONE, cname("x.acme.example"), { mayReplace: false }),
			/security token .* is invalid|Invalid access token/,
		);
	});
}

test("cloudflare: of several zones of a name the one that is active answers, and none that is pending", async (t) => {
	const { start, env, load } = hosts.cloudflare;
	const host = await start(ZONE, [neighbour]);
	t.after(() => host.close());
	const check = async (statuses: Record<string, string>) => {
		host.statuses = statuses;
		const provider = await openProvider("cloudflare", { env: env(host.url), tell: () => {}, hide: () => {}, load });
		return provider.check(ZONE, cname("x.acme.example"), { mayReplace: false });
	};
	assert.deepEqual(await check({ z0: "pending", z1: "active" }), []);
	await assert.rejects(
		check({ z0: "pending" }),
		/no active zone acme\.example for this token: z0 \(pending\); name Cloudflare's servers at the domain's registrar/,
	);
	await assert.rejects(
		check({ z1: "active", z2: "active" }),
		/more than one active zone acme\.example for this token: z1 \(active\), z2 \(active\); give the token that one alone/,
	);
});

test("a client that is not installed is named with the command, and the manifest has its version as optional", async () => {
	const load = () => Promise.reject(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }));
	for (const [via, { env }] of Object.entries(hosts) as [keyof typeof hosts, (typeof hosts)["route53"]][]) {
		await assert.rejects(openProvider(via, { env: env("x"), tell: () => {}, hide: () => {}, load }), (error) => {
			assert.ok(error instanceof DnsProviderError);
			assert.match(
				error.message,
				/^the client \S+ is not installed, as it is optional; install it: npm install --no-save \S+@[\d.]+$/,
			);
			return true;
		});
	}
	const { peerDependencies, peerDependenciesMeta } = JSON.parse(readText("package.json"));
	assert.deepEqual(peerDependencies, optionalClients);
	const isOptional = Object.keys(optionalClients).map((name) => [name, { optional: true }]);
	assert.deepEqual(peerDependenciesMeta, Object.fromEntries(isOptional));
});
