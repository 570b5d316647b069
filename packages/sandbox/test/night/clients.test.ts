/** The night's clients: they find a domain as resolvers do, and what they record is judged by itself. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { makeCertificate } from "../../azure/certificate.ts";
import { startDnsWorld } from "../../dns/authority.ts";
import { startLoadBalancer } from "../../medstack/load-balancer.ts";
import { measureDowntime } from "../../night/judge.ts";
import { Ledger } from "../../night/ledger.ts";
import { type RecordedAnswer, startRequester } from "../../night/requesters.ts";
import { CachingResolver } from "../../night/resolver.ts";

const PORTAL = "portal.acme.example";
const SOA = "acme.example 3600 SOA ns1.acme.example hostmaster.acme.example 1 7200 900 1209600 60";
const zone = (...records: string[]) => ({ records: [SOA, ...records] });
const before = zone(
	"portal.acme.example 30 CNAME portal-old.acme.example",
	"portal-old.acme.example 300 A 203.0.113.9",
);
const after = zone(
	"portal.acme.example 30 CNAME portal-new.acme.example",
	"portal-new.acme.example 300 A 198.51.100.7",
);

test("a resolver keeps an answer for the shortest TTL of its chain, a missing name for as long as the zone says, or holds on", async (t) => {
	const world = await startDnsWorld({ "acme.example": { "ns1.acme.example": before } });
	t.after(() => world.close());
	let now = 0;
	const resolver = new CachingResolver({ server: world.resolver, now: () => now });
	const holdsOn = new CachingResolver({ server: world.resolver, now: () => now, leastSeconds: 100 });
	const seen = async () => {
		const both = [await resolver.addressesOf("portal.acme.example"), await holdsOn.addressesOf("portal.acme.example")];
		return both.flat();
	};
	const [old, fresh] = ["203.0.113.9", "198.51.100.7"];
	assert.deepEqual(await seen(), [old, old]);
	assert.deepEqual(await resolver.addressesOf("gone.acme.example"), []);
	world.change("ns1.acme.example", after);
	now = 29_999;
	assert.deepEqual(await seen(), [old, old]);
	assert.equal(resolver.questions, 2);
	now = 30_000;
	assert.deepEqual(await seen(), [fresh, old]);
	now = 100_000;
	assert.deepEqual(await seen(), [fresh, fresh]);
	world.change("ns1.acme.example", zone("gone.acme.example 30 A 203.0.113.9"));
	now = 59_999;
	assert.deepEqual(await resolver.addressesOf("gone.acme.example"), []);
	now = 60_000;
	assert.deepEqual(await resolver.addressesOf("gone.acme.example"), [old]);
});

test("a client follows DNS from one side to the other over TLS, and notes what it was told and what it was not", async (t) => {
	const world = await startDnsWorld({ "acme.example": { "ns1.acme.example": zone(`${PORTAL} 0 A 203.0.113.9`) } });
	const { certificate, key } = makeCertificate("127.0.0.1", new Date(), [PORTAL]);
	const app = createServer((_, response) => {
		response.writeHead(201).end('{"side":"medstack"}');
	});
	await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
	const { port } = app.address() as AddressInfo;
	let addresses = [{ host: "127.0.0.1", port }];
	const balancer = await startLoadBalancer({
		route: (host) => (host === PORTAL ? { service: "web", addresses } : undefined),
		tls: { certificate, key },
	});
	const ledger = new Ledger();
	const requester = startRequester({
		client: "browser",
		url: `https://${PORTAL}/visits`,
		resolver: new CachingResolver({ server: world.resolver }),
		reach: (address) =>
			address === "203.0.113.9" ? { host: "127.0.0.1", port: balancer.port, side: "medstack" } : undefined,
		ca: certificate,
		ledger,
		everyMs: () => 5,
	});
	t.after(async () => {
		await requester.stop();
		app.close();
		await Promise.all([balancer.close(), world.close()]);
	});
	const seen = async (count: number, is: (answer: RecordedAnswer) => boolean) => {
		const deadline = Date.now() + 5_000;
		while (requester.answers.filter(is).length < count) {
			assert.ok(Date.now() < deadline, JSON.stringify(requester.answers.at(-1)));
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	};
	await seen(2, ({ status, side }) => status === 201 && side === "medstack");
	addresses = [];
	await seen(2, ({ status }) => status === 503);
	world.change("ns1.acme.example", zone(`${PORTAL} 0 A 198.51.100.7`));
	await seen(1, ({ error }) => error === "nothing answers at 198.51.100.7");
	world.change("ns1.acme.example", zone());
	await seen(1, ({ error }) => error === `${PORTAL} has no address`);
	await requester.stop();
	const good = requester.answers.filter(({ status }) => status === 201).length;
	assert.deepEqual(
		[ledger.writes.length, ledger.writes[0]?.side, ledger.writes[0]?.writer],
		[good, "medstack", "browser"],
	);
	const refused = requester.answers.filter(({ status }) => status === 503).length;
	assert.equal(ledger.unacknowledged, refused);
});

const answer = (client: string, second: number, status?: number): RecordedAnswer => {
	const at = new Date(second * 1000);
	return { client, at, ended: at, ...(status === undefined ? { error: "reset" } : { status }) };
};

test("downtime is the longest span of one client's from a good answer to the next, however good others' are meanwhile", () => {
	const answers = [
		...[0, 1, 2, 3, 4, 5, 6].map((second) => answer("lucky", second, 200)),
		answer("unlucky", 0, 200),
		answer("unlucky", 1),
		answer("unlucky", 3, 503),
		answer("unlucky", 4, 302),
		answer("unlucky", 5, 200),
	];
	assert.deepEqual(measureDowntime(answers), {
		client: "unlucky",
		from: new Date(0),
		until: new Date(5_000),
		seconds: 5,
		isOver: true,
	});
	const isUp = ({ status = 500 }: RecordedAnswer) => status < 400;
	assert.equal(measureDowntime(answers, isUp)?.seconds, 4);
	const never = [answer("late", 3, 503), answer("late", 9)];
	assert.deepEqual(
		[never, [...answers, ...never]].map((all) => measureDowntime(all)),
		Array(2).fill({ client: "late", from: new Date(3_000), until: new Date(9_000), seconds: 6, isOver: false }),
	);
	assert.equal(measureDowntime([]), undefined);
});
