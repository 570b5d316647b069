/** What Azure DNS refuses in the middle of an update, or takes and serves otherwise than it is meant, refused before (facts/azure.md §5). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, testRefused } from "../config/refused.ts";
import { stageWith } from "../config/stage-file.ts";

const subscription = "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d";
const zone = (records: Record<string, unknown>) => ({
	dns: { resourceGroup: { name: "acme-dns" }, zones: { acme: { domain: "acme.example", records } } },
});
const inAzure = (rest: string) => `/subscriptions/${subscription}/resourceGroups/acme-dns/providers/${rest}`;
const shown = `"${inAzure("").slice(0, 59)}..."`;
const place = (record: string, rest: string) => `dns.zones.acme.records.${record}.${rest}`;
const aliases =
	"allowed: a public IP address (for A and AAAA), a Traffic Manager profile, a Front Door or CDN endpoint, a static web app, or a record of this zone";

test("texts may be as many as 400, and short ones together as long as 4096 bytes", () => {
	const values = Array.from({ length: 400 }, (_, index) => `text-${index}`);
	assert.deepEqual(problemsOf(stageWith(zone({ txt: { name: "x", type: "TXT", values } }))), []);
});

test("an alias may follow what Azure has for one", () => {
	const records = {
		www: { name: "www", type: "A", values: ["203.0.113.1"] },
		ip: { name: "ip", type: "AAAA", alias: inAzure("Microsoft.Network/publicIPAddresses/ip") },
		manager: { name: "tm", type: "CNAME", alias: inAzure("Microsoft.Network/trafficManagerProfiles/tm") },
		door: { name: "fd", type: "A", alias: inAzure("Microsoft.Cdn/profiles/fd/afdEndpoints/acme") },
		cdn: { name: "cdn", type: "CNAME", alias: inAzure("Microsoft.Cdn/profiles/cdn/endpoints/acme") },
		site: { name: "site", type: "A", alias: inAzure("Microsoft.Web/staticSites/acme") },
		apex: { name: "@", type: "A", alias: inAzure("Microsoft.Network/dnszones/acme.example/A/www") },
		theirs: { name: "theirs", type: "A", alias: inAzure("microsoft.network/dnsZones/ACME.example/a/byhand") },
	};
	assert.deepEqual(problemsOf(stageWith(zone(records))), []);
});

testRefused({
	"texts of one record that are too long together, empty, double, or in quotes": {
		change: zone({
			long: { name: "a", type: "TXT", values: ["x".repeat(4000), "y".repeat(97)] },
			txt: { name: "b", type: "TXT", values: ["", "one", "one", '"v=spf1 -all"'] },
		}),
		says: [
			place("long", "values: has 4097 bytes in all its texts; allowed: at most 4096 in Azure DNS"),
			place("txt", 'values[0]: "" is empty; give a text, or remove the line'),
			place("txt", 'values[2]: "one" stands twice; remove one'),
			place(
				"txt",
				'values[3]: "\\"v=spf1 -all\\"" would be served with its quotes; write the text alone; did you mean "v=spf1 -all"?',
			),
		],
	},
	"more texts than there may be": {
		change: zone({ txt: { name: "x", type: "TXT", values: Array.from({ length: 401 }, (_, index) => `t${index}`) } }),
		says: [place("txt", "values: has 401 values; allowed: at most 400 in Azure DNS")],
	},
	"a name that is too long with its zone": {
		change: zone({ long: { name: `${"a".repeat(60)}.`.repeat(4).slice(0, -1), type: "A", values: ["203.0.113.1"] } }),
		says: [
			place("long", `name: "${"a".repeat(59)}..." has 256 characters with its zone; allowed: at most 253 in the DNS`),
		],
	},
	"a service without its name, and a value for authorities that is too long": {
		change: zone({
			sip: { name: "sip", type: "SRV", values: ["10 5 5060 sip.acme.example"] },
			caa: { name: "@", type: "CAA", values: [`0 issue "${"x".repeat(1025)}"`] },
		}),
		says: [
			place(
				"sip",
				'name: "sip" names no service; allowed: _SERVICE._PROTOCOL, for example _sip._tls, and a name below it',
			),
			place(
				"caa",
				`values[0]: "0 issue \\"${"x".repeat(49)}..." is not flags, a tag (issue, issuewild, issuemail, iodef, contactemail, contactphone) and a value of at most 1024 characters; allowed: for example 0 issue "letsencrypt.org"`,
			),
		],
	},
	"aliases that Azure does not have": {
		change: zone({
			site: { name: "site", type: "A", alias: inAzure("Microsoft.Storage/storageAccounts/acme") },
			ip: { name: "ip", type: "CNAME", alias: inAzure("Microsoft.Network/publicIPAddresses/ip") },
			other: { name: "other", type: "A", alias: inAzure("Microsoft.Network/dnsZones/acme.test/A/www") },
			six: { name: "six", type: "AAAA", alias: inAzure("Microsoft.Network/dnsZones/acme.example/A/www") },
			self: { name: "self", type: "A", alias: inAzure("Microsoft.Network/dnsZones/acme.example/A/self") },
			one: { name: "one", type: "A", alias: inAzure("Microsoft.Network/dnsZones/acme.example/A/two") },
			apex: { name: "apex", type: "A", alias: inAzure("Microsoft.Network/dnsZones/acme.example/A/@") },
			two: { name: "two", type: "A", alias: inAzure("Microsoft.Network/dnsZones/acme.example/A/one") },
		}),
		says: [
			place("site", `alias: ${shown} is nothing that an alias of type A can follow; ${aliases}`),
			place("ip", `alias: ${shown} is nothing that an alias of type CNAME can follow; ${aliases}`),
			place("other", `alias: ${shown} is a record of another zone; ${aliases}`),
			place("six", `alias: ${shown} is not of this record's type, AAAA; an alias follows a record of its own type`),
			place("self", `alias: ${shown} leads back to this record; let it follow one that has values or a target`),
			place("one", `alias: ${shown} leads back to this record; let it follow one that has values or a target`),
			place(
				"apex",
				`alias: ${shown} is the record of the zone itself, which no alias can follow; let that one follow this one`,
			),
			place("two", `alias: ${shown} leads back to this record; let it follow one that has values or a target`),
		],
	},
	"one zone twice": {
		change: {
			dns: {
				resourceGroup: { name: "acme-dns" },
				zones: { acme: { domain: "acme.example" }, b: { domain: "acme.example" } },
			},
		},
		says: ['dns.zones.b.domain: "acme.example" is the zone "acme" already; give that one the records'],
	},
	"a group that storage and DNS both make": {
		change: {
			...zone({}),
			"environment/phi": false,
			storage: {
				resourceGroup: { name: "Acme-DNS" },
				account: "acmefiles",
				location: "canadacentral",
				redundancy: "LRS",
				containers: { documents: { name: "documents" } },
			},
		},
		says: [
			'dns.resourceGroup.name: "acme-dns" is the group that the storage makes; give DNS a group of its own, or make this one first and write existing: true in both',
		],
	},
});
