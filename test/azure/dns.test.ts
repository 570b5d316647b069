import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, testRefused } from "../config/refused.ts";
import { stageWith } from "../config/stage-file.ts";
import { registerDns, storageStage } from "./registrations.ts";

process.env.ARM_USE_DEFAULT_AZURE_CREDENTIAL = "true";

const subscription = "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d";
const zone = (records: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
	"/dns": { resourceGroup: { name: "acme-dns" }, zones: { acme: { domain: "acme.example", records, ...more } } },
});
const refused = (records: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
	dns: zone(records, more)["/dns"],
});
const addressId = `/subscriptions/${subscription}/resourceGroups/x/providers/Microsoft.Network/publicIPAddresses/ip`;
const portal = { name: "portal", type: "CNAME", target: "elb-portal-1.aptible.in", ttlSeconds: 60 };

test("a zone and its records, with the TTL that the file gives and no protection for records", async () => {
	const { one } = await registerDns(
		storageStage(zone({ portal, txt: { name: "@", type: "TXT", values: ["b", "a"] } })),
	);
	assert.deepEqual(one("dns:Zone").inputs, {
		resourceGroupName: "acme-dns",
		zoneName: "acme.example",
		location: "Global",
		zoneType: "Public",
	});
	assert.equal(one("dns:Zone").opts.protect, true);
	assert.deepEqual(one("dns:RecordSet", "dns-acme-portal").inputs, {
		resourceGroupName: "acme-dns",
		zoneName: "acme.example",
		relativeRecordSetName: "portal",
		recordType: "CNAME",
		ttl: 60,
		cnameRecord: { cname: "elb-portal-1.aptible.in" },
	});
	assert.equal(one("dns:RecordSet", "dns-acme-portal").opts.deleteBeforeReplace, true);
	assert.deepEqual(one("dns:RecordSet", "dns-acme-txt").inputs.txtRecords, [{ value: ["a"] }, { value: ["b"] }]);
});

test("a live record is imported by its id and left as it is", async () => {
	const stage = storageStage({
		"/dns": {
			subscription,
			resourceGroup: { name: "acme-dns", existing: true },
			zones: {
				acme: { domain: "acme.example", existing: "reference", records: { portal: { ...portal, import: true } } },
			},
		},
	});
	const { one, all } = await registerDns(stage);
	const record = one("dns:RecordSet");
	assert.equal(
		record.importId,
		`/subscriptions/${subscription}/resourceGroups/acme-dns/providers/Microsoft.Network/dnsZones/acme.example/CNAME/portal`,
	);
	assert.deepEqual(record.opts.ignoreChanges, ["*"]);
	assert.equal(record.opts.retainOnDelete, true);
	assert.deepEqual(all("dns:Zone"), []);
});

test("a zone is protected, with health information or without, imported or not, unless the file says otherwise", async () => {
	const dns = ({ existing, ...more }: Record<string, unknown>) => ({
		...(existing === undefined ? {} : { subscription }),
		resourceGroup: { name: "acme-dns", existing: true },
		zones: { acme: { domain: "acme.example", ...(existing === undefined ? {} : { existing }) } },
		...more,
	});
	for (const [more, isProtected] of [
		[{ existing: "import" }, true],
		[{}, true],
		[{ protect: false }, false],
	] as const) {
		const { one } = await registerDns(storageStage({ "/dns": dns(more) }, false));
		const { opts } = one("dns:Zone");
		assert.deepEqual([opts.protect, opts.retainOnDelete], [isProtected, isProtected]);
	}
});

test("an alias record follows a resource of Azure", async () => {
	const { one } = await registerDns(storageStage(zone({ apex: { name: "@", type: "A", alias: addressId } })));
	assert.deepEqual(one("dns:RecordSet").inputs.targetResource, { id: addressId });
});

test("a text over 255 characters goes out in strings of at most 255, a shorter one as it is", async () => {
	const dkim = `v=DKIM1; k=rsa; p=${"MIIBIjANBgkqhkiG9w0BAQ".repeat(30)}`;
	const accents = "é".repeat(200);
	const records = { dkim: { name: "mail._domainkey", type: "TXT", values: [dkim, accents, "x".repeat(255)] } };
	const { one } = await registerDns(storageStage(zone(records)));
	const { txtRecords } = one("dns:RecordSet").inputs as { txtRecords: { value: string[] }[] };
	assert.deepEqual(
		txtRecords.map(({ value }) => value.join("")),
		[dkim, "x".repeat(255), accents],
	);
	assert.deepEqual(
		txtRecords.map(({ value }) => value.map((text) => Buffer.byteLength(text))),
		[[255, 255, 168], [255], [254, 146]],
	);
});

test("an escape stays in one of the strings of a text", async () => {
	const values = [`${"x".repeat(252)}\\128y`, `${"x".repeat(254)}\\"y`];
	const { one } = await registerDns(storageStage(zone({ txt: { name: "@", type: "TXT", values } })));
	assert.deepEqual(one("dns:RecordSet").inputs.txtRecords, [
		{ value: ["x".repeat(252), "\\128y"] },
		{ value: ["x".repeat(254), '\\"y'] },
	]);
});

test("a CNAME may lead to a name with an underscore or a final dot, which is left out", async () => {
	const records = {
		dkim: { name: "s1._domainkey", type: "CNAME", target: "s1._domainkey.u1.wl.sendgrid.example." },
		acm: { name: "_a79865eb4cd1a6ab990a45779b4e0b96", type: "CNAME", target: "_424c7224e9b0146f.acm-validations.aws" },
	};
	const { one } = await registerDns(storageStage(zone(records)));
	const target = (name: string) => one("dns:RecordSet", `dns-acme-${name}`).inputs.cnameRecord.cname;
	assert.equal(target("dkim"), "s1._domainkey.u1.wl.sendgrid.example");
	assert.equal(target("acm"), "_424c7224e9b0146f.acm-validations.aws");
});

const wildcard = {
	"apps/portal/endpoints/any": { service: "web", kind: "https", domain: "*.acme.example", managedTls: true },
};
const toAny = (name: string) => ({ any: { name, type: "CNAME", endpoint: "portal.any" } });

test("values are written as in a zone file, and sent as Azure has them, in one order", async () => {
	const records = {
		six: { name: "six", type: "AAAA", values: ["2001:DB8:0:0:0:0:0:2", "2001:db8::1"] },
		caa: { name: "@", type: "CAA", values: ['0 issue "letsencrypt.org"', "128 iodef mailto:security@acme.example"] },
		mail: { name: "@", type: "MX", values: ["20 b.acme.example", "10 A.acme.example."] },
		lab: { name: "lab", type: "NS", values: ["ns1.lab.example."] },
		sip: { name: "_sip._tls", type: "SRV", values: ["10 5 5061 sip.acme.example"] },
		apex: { name: "@", type: "AAAA", alias: addressId },
	};
	const { one } = await registerDns(storageStage(zone(records)));
	const of = (name: string, property: string) => one("dns:RecordSet", `dns-acme-${name}`).inputs[property];
	assert.deepEqual(of("six", "aaaaRecords"), [{ ipv6Address: "2001:db8::2" }, { ipv6Address: "2001:db8::1" }]);
	assert.deepEqual(of("caa", "caaRecords"), [
		{ flags: 0, tag: "issue", value: "letsencrypt.org" },
		{ flags: 128, tag: "iodef", value: "mailto:security@acme.example" },
	]);
	assert.deepEqual(of("mail", "mxRecords"), [
		{ preference: 10, exchange: "a.acme.example" },
		{ preference: 20, exchange: "b.acme.example" },
	]);
	assert.deepEqual(of("lab", "nsRecords"), [{ nsdname: "ns1.lab.example" }]);
	assert.deepEqual(of("sip", "srvRecords"), [{ priority: 10, weight: 5, port: 5061, target: "sip.acme.example" }]);
	assert.deepEqual(of("apex", "targetResource"), { id: addressId });
});

const managed = (domain: string) => ({
	"apps/portal/endpoints/public": { service: "web", kind: "https", domain, managedTls: true },
});
const authorities = (...values: string[]) => ({ caa: { name: "@", type: "CAA", values } });

test("a CAA record that admits Let's Encrypt, or nobody in particular, stands beside managed certificates", () => {
	for (const values of [
		["0 issue letsencrypt.org"],
		["0 issue other.example", '0 issue "letsencrypt.org; validationmethods=http-01"'],
		["0 iodef mailto:security@acme.example"],
	]) {
		for (const domain of ["portal.acme.example", "*.acme.example", "portal.other.example"]) {
			const problems = problemsOf(stageWith({ ...refused(authorities(...values)), ...managed(domain) }));
			assert.deepEqual(problems, [], `${values} ${domain}`);
		}
	}
});

test("a name that a wildcard endpoint answers to may lead to it", () => {
	for (const name of ["*", "portal", "x_y"]) {
		assert.deepEqual(problemsOf(stageWith({ ...refused(toAny(name)), ...wildcard })), [], name);
	}
});

testRefused({
	"a name further below a wildcard than its certificate goes": {
		change: { ...refused(toAny("a.portal")), ...wildcard },
		says: [
			'dns.zones.acme.records.any.name: "a.portal" makes a.portal.acme.example, and the endpoint asks for *.acme.example or a name in its place; did you mean "*"?',
		],
	},
	"a challenge under another name than the wildcard's": {
		change: { ...refused({ any: { ...toAny("portal").any, challenge: true } }), ...wildcard },
		says: [
			'dns.zones.acme.records.any.name: "portal" makes portal.acme.example, and the endpoint asks for _acme-challenge.acme.example; did you mean "_acme-challenge"?',
		],
	},
	"a CAA record that keeps a managed certificate from being issued": {
		change: { ...refused(authorities("0 issue other.example")), ...managed("portal.acme.example") },
		says: [
			"dns.zones.acme.records.caa.values: let nobody issue the managed certificate of portal.public (portal.acme.example), which is Let's Encrypt's; add 0 issue \"letsencrypt.org\"",
		],
	},
	"values that are none of their type": {
		change: refused({
			six: { name: "six", type: "AAAA", values: ["203.0.113.1"] },
			caa: { name: "@", type: "CAA", values: ["0 isue letsencrypt.org"] },
			mail: { name: "@", type: "MX", values: ["mail.acme.example", "1 a.example", "1 A.example."] },
			sip: { name: "_sip._tls", type: "SRV", values: ["10 5 70000 sip.acme.example"] },
			many: { name: "x", type: "A", values: Array.from({ length: 21 }, (_, index) => `203.0.113.${index}`) },
		}),
		says: [
			'dns.zones.acme.records.six.values[0]: "203.0.113.1" is not an IPv6 address; allowed: for example 2001:db8::10',
			'dns.zones.acme.records.caa.values[0]: "0 isue letsencrypt.org" is not flags, a tag (issue, issuewild, issuemail, iodef, contactemail, contactphone) and a value of at most 1024 characters; allowed: for example 0 issue "letsencrypt.org"',
			'dns.zones.acme.records.mail.values[0]: "mail.acme.example" is not a preference and a mail server; allowed: for example 10 mail.acme.example',
			'dns.zones.acme.records.mail.values[2]: "1 A.example." stands twice; remove one',
			'dns.zones.acme.records.sip.values[0]: "10 5 70000 sip.acme.example" is not a priority, a weight, a port and a host; allowed: for example 10 5 5060 sip.acme.example',
			"dns.zones.acme.records.many.values: has 21 values; allowed: at most 20 in Azure DNS",
		],
	},
	"name servers for the zone itself and for a wildcard": {
		change: refused({
			own: { name: "@", type: "NS", values: ["ns1.acme.example"] },
			any: { name: "*.lab", type: "NS", values: ["ns1.acme.example"] },
		}),
		says: [
			'dns.zones.acme.records.own.type: "NS" is made by Azure for the zone itself (@), with the name servers of the outputs; remove the record',
			'dns.zones.acme.records.any.type: "NS" is not allowed for a wildcard in Azure DNS; name the zone that is delegated',
		],
	},
	"a CNAME for the zone itself": {
		change: refused({ portal: { ...portal, name: "@" } }),
		says: [
			'dns.zones.acme.records.portal.type: "CNAME" is not allowed for the zone itself (@), which has other records beside it; let the domain\'s own address redirect to a name below it, or host the zone where there is ALIAS: an alias of Azure leads to resources of Azure alone, and an endpoint of Aptible is none',
		],
	},
	"a CNAME beside another record of its name": {
		change: refused({ portal, verify: { name: "portal", type: "TXT", values: ["x"] } }),
		says: [
			'dns.zones.acme.records.verify.name: "portal" has a CNAME record ("portal") already, and a CNAME stands alone; remove one',
		],
	},
	"two record sets of one name and type": {
		change: refused({
			a: { name: "x", type: "A", values: ["203.0.113.1"] },
			b: { name: "x", type: "A", values: ["203.0.113.2"] },
		}),
		says: ['dns.zones.acme.records.b.name: "x" has a record of type A already ("a"); give that one all the values'],
	},
	"a record that leads nowhere": {
		change: refused({ portal: { name: "portal", type: "CNAME" } }),
		says: ['dns.zones.acme.records.portal: "portal" leads nowhere; give one of: target, endpoint, alias'],
	},
	"a record that leads to two places": {
		change: refused({ portal: { ...portal, endpoint: "portal.test" } }),
		says: [
			"dns.zones.acme.records.portal.endpoint: stands beside target; a record has one of the two: remove the other",
		],
	},
	"an A record to a host name": {
		change: refused({ portal: { ...portal, type: "A" } }),
		says: ["dns.zones.acme.records.portal.target: does not go with a record of type A; allowed: values, alias"],
	},
	"an A record to what is no address": {
		change: refused({ portal: { name: "portal", type: "A", values: ["elb-portal-1.aptible.in"] } }),
		says: [
			'dns.zones.acme.records.portal.values[0]: "elb-portal-1.aptible.in" is not an IPv4 address; allowed: for example 203.0.113.10',
		],
	},
	"an endpoint that is not there": {
		change: refused({ portal: { name: "portal", type: "CNAME", endpoint: "portal.tset" } }),
		says: [
			'dns.zones.acme.records.portal.endpoint: "portal.tset" is not an endpoint of this stage; allowed: portal.test; did you mean "portal.test"?',
		],
	},
	"a record under another name than its endpoint's domain": {
		change: {
			...refused({ portal: { name: "portl", type: "CNAME", endpoint: "portal.public" } }),
			"apps/portal/endpoints/public": {
				service: "web",
				kind: "https",
				domain: "portal.acme.example",
				managedTls: true,
			},
		},
		says: [
			'dns.zones.acme.records.portal.name: "portl" makes portl.acme.example, and the endpoint asks for portal.acme.example; did you mean "portal"?',
		],
	},
	"a TTL of none": {
		change: refused({ portal: { ...portal, ttlSeconds: 0 } }),
		says: ["dns.zones.acme.records.portal.ttlSeconds: 0 is not a whole number from 1 to 2147483647 (seconds)"],
	},
	"an import without the subscription": {
		change: refused({ portal: { ...portal, import: true } }),
		says: [
			"dns.subscription: is missing, and the id of a zone or record that is imported begins with it; az account show --query id prints it",
		],
	},
});
