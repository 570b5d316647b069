/** Both sides' logs in, and whether MedStack is silent out. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { acceptance, isClient } from "../../move/watch/clients.ts";
import type { Wanted } from "../../move/watch/decide.ts";
import { probeAgent, readNewLine, readOldLine } from "../../move/watch/lines.ts";
import type { Probed, ProbeResult } from "../../move/watch/probe.ts";
import { type WatchOptions, watchSides } from "../../move/watch/watch.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "watch-"));
after(() => rmSync(folder, { recursive: true }));

const HOST = "portal.acme.example";
const MINUTE = 60_000;
/** The hour of the watch; the switch was at 02:00. */
const NOW = Date.parse("2026-12-05T03:00:00Z");
const at = (minutesAgo: number) => new Date(NOW - minutesAgo * MINUTE).toISOString();

let number = 0;
/** A path in the test's folder with these lines. */
function fileOf(lines: readonly string[]): string {
	number += 1;
	const file = path.join(folder, `${number}.log`);
	writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
	return file;
}

const instance = "0badcafe";
const event = (minutesAgo: number, kind = "alive", dropped = 0) =>
	JSON.stringify({ time: at(minutesAgo), instance, kind, dropped });
const page = (minutesAgo: number, changes: object = {}) =>
	JSON.stringify({
		time: at(minutesAgo),
		instance,
		kind: "hit",
		host: HOST,
		client: "198.51.100.7",
		agent: "okhttp/4",
		...changes,
	});
const health = (minutesAgo: number) => page(minutesAgo, { kind: "health", host: "", client: "10.0.0.3" });
const nginxTime = (minutesAgo: number) => {
	const [, day, month, year, clock] =
		/^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(NOW - minutesAgo * MINUTE).toUTCString()) ?? [];
	return `${day}/${month}/${year}:${clock} +0000`;
};
const nginx = (
	minutesAgo: number,
	{ host = HOST, status = 200, agent = "Mozilla/5.0", forwarded = "203.0.113.50" } = {},
) =>
	`10.0.1.5:33920 TLSv1.3/TLS_AES_128_GCM_SHA256 ${host} - [${nginxTime(minutesAgo)}] "GET /a?b=[c] HTTP/1.1" ${status} 512 0.004 "-" "${agent}" "Root=1-67891233-abcdef" "${forwarded}"`;

/** The lines as the page service numbers them: by their times, each instance from 1 on, or on from those that have one. */
function numbered(lines: readonly string[]): string[] {
	const next = new Map<string, number>();
	const parsed = lines.map((line) => (line.startsWith("{") ? JSON.parse(line) : line));
	const mine = parsed.filter((line) => line.instance !== undefined);
	for (const line of mine.sort((one, other) => (one.time < other.time ? -1 : 1))) {
		line.number ??= (next.get(line.instance) ?? 0) + 1;
		next.set(line.instance, Math.max(line.number, next.get(line.instance) ?? 0));
	}
	return parsed.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
}

/** An hour of a page service's log, of which nobody but health checks is in the last 50 minutes. */
const quietHour = [
	event(60, "started"),
	page(58),
	page(50),
	...Array.from({ length: 59 }, (_, index) => health(59 - index)),
	event(0.2),
];
const busy = Array.from({ length: 60 }, (_, index) => nginx(60 - index));

const MARK = "0123456789ab";
const SWITCHED = Date.parse("2026-12-05T02:00:00Z");
const wanted: Wanted = {
	domain: HOST,
	switchedAt: SWITCHED,
	quietMs: 15 * MINUTE,
	ttl: "a TTL of 300 s before the switch",
	cachedUntil: undefined,
};

async function watch(old: readonly string[], newer: readonly string[], changes: Partial<WatchOptions> = {}) {
	const told: string[] = [];
	const watched = await watchSides({
		wanted: [wanted],
		old: fileOf(numbered(old)),
		new: fileOf(newer),
		follow: false,
		accepted: [],
		mark: MARK,
		formerMarks: [],
		probed: [],
		unprobed: [],
		probe: () => Promise.reject(new Error("nothing is probed")),
		tell: (line) => told.push(line),
		signal: new AbortController().signal,
		now: () => NOW,
		...changes,
	});
	return { ...watched, told, text: watched.lines.join("\n") };
}

test("lines of both sides are read in each form in which they come", () => {
	const hit = {
		kind: "request",
		at: NOW - MINUTE,
		isZoneless: false,
		host: HOST,
		client: "198.51.100.7",
		agent: "okhttp/4",
		line: { instance, number: 7, isEnd: false },
	};
	const own = page(1, { number: 7 });
	for (const text of [
		own,
		`2026-12-05T02:59:00.1Z maintenance.1 | ${own}`,
		JSON.stringify({ "@timestamp": at(0), log: own, layer: "app" }),
		JSON.stringify({ message: own }),
	]) {
		assert.deepEqual(readOldLine(text), hit, text);
	}
	assert.equal(readOldLine(page(1)), undefined, "of another release of the page service");
	const hostile = page(1, { number: 7, client: "\u001b[2Jnobody", via: "nobody" });
	assert.ok(!JSON.stringify(readOldLine(hostile)).includes("nobody"));
	const answered = {
		kind: "request",
		at: NOW - MINUTE,
		isZoneless: false,
		host: HOST,
		client: "203.0.113.50",
		agent: "Mozilla/5.0",
		status: 200,
	};
	for (const text of [
		nginx(1),
		nginx(1, { host: `${HOST}:443`, forwarded: "203.0.113.50, 10.1.1.1" }),
		`<134>1 2026-12-05T02:59:00Z host app[web.1]: ${nginx(1)}`,
		JSON.stringify({
			"@timestamp": at(1),
			log: nginx(1),
			layer: "proxy",
			service: "web",
			app: "portal",
			endpoint_hostname: "elb-1.aptible.in",
			later: [1],
		}),
	]) {
		assert.deepEqual(readNewLine(text), answered, text);
	}
	assert.equal(readNewLine(nginx(1, { forwarded: "-" }))?.kind, "request");
	const kinds = [
		[nginx(1, { host: "containers" }), "health"],
		[nginx(1, { agent: "ELB-HealthChecker/2.0" }), "health"],
		[nginx(1, { agent: "medstack-to-aptible-watch/1" }), "probe"],
		[nginx(1, { agent: "medstack-to-aptible probe" }), "probe"],
		[nginx(1, { agent: 'a \\"b\\" c' }), "request"],
	] as const;
	for (const [text, kind] of kinds) assert.equal(readNewLine(text)?.kind, kind, text);
	const zoneless = readNewLine(nginx(1).replace(" +0000]", "]"));
	assert.deepEqual([zoneless?.at, zoneless?.isZoneless], [NOW - MINUTE, true]);
	assert.equal(readOldLine(page(1, { number: 1, time: "2026-12-05T02:59:00" }))?.isZoneless, true);
	assert.equal(readOldLine(page(1, { number: 1, time: "05/12/2026 02:59" }))?.at, undefined);
	for (const text of [
		"",
		"{",
		"{}",
		"null",
		'{"kind":"hit"}',
		"GET / 200",
		"[1]",
		JSON.stringify({ log: "app says hello" }),
		nginx(1).slice(0, 90),
	]) {
		assert.equal(readOldLine(text), undefined, text);
		assert.equal(readNewLine(text), undefined, text);
	}
	const started = performance.now();
	for (const hostile of [
		"[".repeat(60_000),
		`${" ".repeat(60_000)}[`,
		`x [05/Dec/2026:02:59:00 +0000] "${"\\".repeat(60_000)}`,
		"{".repeat(60_000),
	]) {
		assert.equal(readNewLine(hostile), undefined);
		assert.equal(readOldLine(hostile), undefined);
	}
	assert.ok(performance.now() - started < 1_000);
});

test("MedStack is silent once nobody but probes and health checks came, and Aptible answers", async () => {
	const own = page(3, { agent: probeAgent(MARK) });
	const found = await watch([...quietHour, own], [...busy, "nginx says hello"]);
	assert.equal(found.isSilent, true, found.text);
	assert.match(
		found.text,
		/portal\.acme\.example: MedStack is silent, and Aptible answers; nobody may come for 15 min \(a TTL of 300 s/,
	);
	assert.match(found.text, /old log \S+: 64 lines, 1 of own probes, 59 of health checks; whole from 2026-12-05T02:0\d/);
	assert.match(found.text, /new log: 1 are no request of this side's form, and were looked past/);
	assert.deepEqual(found.counts, { lines: 125, unknown: 1 });
});

test("the order of the lines, and the difference between both clocks, change nothing", async () => {
	const shuffled = numbered(quietHour).reverse();
	assert.equal((await watch(shuffled, [...busy].reverse())).isSilent, true);
	// MedStack's clock is three minutes behind.
	const behind = quietHour.map((line) => {
		const parsed = JSON.parse(line);
		return JSON.stringify({ ...parsed, time: new Date(Date.parse(parsed.time) - 3 * MINUTE).toISOString() });
	});
	assert.equal((await watch(behind, busy)).isSilent, true);
});

test("what keeps MedStack from being silent is said, with who holds on", async () => {
	const cases: [
		what: string,
		old: readonly string[],
		newer: readonly string[],
		says: RegExp,
		changes?: Partial<WatchOptions>,
	][] = [
		[
			"a client",
			[...quietHour, page(10)],
			busy,
			/somebody came to MedStack 10 min before the log's end, and nobody may for 15 min/,
		],
		["no page service", ["traefik says hello"], busy, /the old side's log has no line of the page service/],
		["an empty log", [], busy, /the old side's log has no line of the page service/],
		[
			"a log that begins late",
			quietHour.filter((_, index) => index > 50),
			busy,
			/the old side's log is whole for \d+ (s|min) alone, and it takes 15 min/,
		],
		["a hole", quietHour.filter((_, index) => index < 45 || index > 56), busy, /is whole for/],
		[
			"lost lines",
			[...numbered(quietHour).filter((_, index) => index !== 10), ...numbered(quietHour).slice(1, 9)],
			busy,
			/lacks 1 lines by the page service's own numbers/,
		],
		[
			"lost lines at the beginning of an instance",
			[...quietHour, page(3, { instance: "feedbeef", kind: "health", number: 4 }), event(0, "alive")],
			busy,
			/lacks 3 lines by the page service's own numbers/,
		],
		[
			"a container whose log breaks off",
			[...quietHour, page(13, { instance: "feedbeef", kind: "health" })],
			busy,
			/the lines of 1 containers of the page service break off in that time/,
		],
		["dropped connections", [...quietHour, event(4, "alive", 3)], busy, /has dropped connections in that time/],
		[
			"a probe that no watch has sent",
			[...quietHour, page(4, { agent: probeAgent("feedbeef0123") })],
			busy,
			/somebody came to MedStack 4 min/,
		],
		[
			"silence from before the switch",
			quietHour,
			busy,
			/it leads to Aptible for 5 min by the old side's log, and silence counts from then: it takes 17 min/,
			{ wanted: [{ ...wanted, switchedAt: NOW - 5 * MINUTE }] },
		],
		[
			"a switch that nobody has noted",
			quietHour,
			busy,
			/noted neither in the journal nor in \.move beside the stage; .*switch live --again --stack STACK/,
			{ wanted: [{ ...wanted, switchedAt: undefined }] },
		],
		["a single visitor", quietHour, busy.slice(-1), /has answered 1 of 1 requests with 2xx or 3xx .* it takes 5/],
		[
			"only scanners",
			quietHour,
			busy.map((line) => line.replace('" 200 ', '" 404 ')),
			/has answered 0 of 1\d requests with 2xx or 3xx in that time, and it takes 5/,
		],
		[
			"a former day's log",
			quietHour,
			busy,
			/the old side's log ends 20 min ago; export it anew/,
			{ now: () => NOW + 20 * MINUTE },
		],
		["a time to come", [...quietHour, page(-600)], busy, /somebody came to MedStack/],
		["no time", [...quietHour, page(0, { time: "noon" })], busy, /somebody came to MedStack/],
		[
			"nobody anywhere",
			quietHour,
			[],
			/the new side's log has no request of anybody in that time: silence on both sides proves nothing/,
		],
		["only health checks", quietHour, busy.map((line) => line.replace(HOST, "containers")), /no request of anybody/],
		[
			"only errors",
			quietHour,
			busy.map((line) => line.replace('" 200 ', '" 502 ')),
			/has answered 0 of 1\d requests with 2xx or 3xx/,
		],
		["another host", quietHour, busy.map((line) => line.replace(HOST, "www.acme.example")), /no request of anybody/],
		[
			"a longer TTL before",
			quietHour,
			busy,
			/caches may hold an answer with the former, longer TTL until 2026-12-05T04:00:00.000Z/,
			{ wanted: [{ ...wanted, cachedUntil: NOW + 60 * MINUTE }] },
		],
	];
	for (const [what, old, newer, says, changes] of cases) {
		const found = await watch(old, newer, changes);
		assert.equal(found.isSilent, false, `${what}:\n${found.text}`);
		assert.match(found.text, says, what);
	}
	const held = await watch(
		[...quietHour, page(10), page(4), page(6, { client: "2001:db8::1", agent: "b\u001b[31mot" })],
		busy,
	);
	assert.match(
		held.text,
		/holds on: 198\.51\.100\.7, 4 requests, last 2026-12-05T02:56:00\.000Z, "okhttp\/4"; find out who that is, or watch once more with --accept 198\.51\.100\.7/,
	);
	assert.match(held.text, /holds on: 2001:db8::1, 1 requests, .*"b\\u001b\[31mot"/);
});

test("a client that a person accepts does not count, and everybody else does", async () => {
	const old = [...quietHour, page(2), page(1, { client: "203.0.113.77" })];
	assert.equal((await watch(old, busy, { accepted: ["198.51.100.0/24"] })).isSilent, false);
	const accepted = await watch(old, busy, { accepted: ["198.51.100.0/24", "203.0.113.77"] });
	assert.equal(accepted.isSilent, true, accepted.text);
	assert.match(accepted.text, /old side: 0 requests in this log, 4 more of accepted clients/);
	// The first address of X-Forwarded-For may be made up by the client.
	const forged = [...quietHour, page(2, { via: "203.0.113.99" })];
	assert.equal((await watch(forged, busy, { accepted: ["198.51.100.7"] })).isSilent, false);
	assert.equal((await watch(forged, busy, { accepted: ["198.51.100.7", "203.0.113.99"] })).isSilent, true);
	assert.equal(acceptance(["2001:db8::/32"])("2001:db8::5"), true);
	assert.equal(acceptance(["198.51.100.7"])("nobody"), false);
	assert.ok(["198.51.100.7", "2001:db8::/32", "198.51.0.0/16"].every(isClient));
	const wrong = [
		"",
		"bot",
		"198.51.100.0/33",
		"198.51.100.0/",
		"1.2.3.4/1/2",
		"0.0.0.0/0",
		"198.0.0.0/15",
		"2000::/31",
	];
	assert.ok(!wrong.some(isClient));
});

test("a wildcard domain stands for each name right below it", async () => {
	const changes = { wanted: [{ ...wanted, domain: "*.acme.example" }], unprobed: ["*.acme.example: not probed"] };
	const found = await watch(quietHour, busy, changes);
	assert.equal(found.isSilent, true, found.text);
	assert.match(found.text, /^\*\.acme\.example: not probed$/m);
	assert.equal((await watch([...quietHour, page(1)], busy, changes)).isSilent, false);
	assert.equal((await watch([...quietHour, page(1, { host: "acme.example" })], busy, changes)).isSilent, true);
});

test("a side that answers wrongly is not silent, whatever its log says", async () => {
	const probed = [{ side: "old", domain: HOST, address: "203.0.113.9" }] as const;
	const answer =
		(is: ProbeResult["is"]) =>
		(one: Probed): Promise<ProbeResult> =>
			Promise.resolve({ ...one, is, says: "something else than the page service answers there", aheadMs: -300_000 });
	const wrong = await watch(quietHour, busy, { probed, probe: answer("wrong") });
	assert.equal(wrong.isSilent, false);
	assert.match(wrong.text, /something else than the page service/);
	const astray = await watch(quietHour, busy, {
		probed,
		probe: async (one) => ({ ...(await answer("right")(one)), instance: "feedbeef" }),
	});
	assert.match(astray.text, /the page service answers as feedbeef, of which the old side's log has no line/);
	const right = await watch(quietHour, busy, {
		probed,
		probe: async (one) => ({ ...(await answer("right")(one)), instance }),
	});
	assert.equal(right.isSilent, true, right.text);
	assert.match(right.text, /the clock of MedStack \(portal\.acme\.example\) is 5 min behind this machine's/);
});

test("followed logs are read as they grow, through a rotation and a cut, until MedStack is silent", async () => {
	const [old, newer] = [fileOf([]), fileOf([])];
	const now = () => new Date().toISOString();
	let lines = 0;
	const hit = (changes: object = {}) => {
		lines += 1;
		return `${page(0, { time: now(), number: lines, ...changes })}\n`;
	};
	const switchedAt = Date.now();
	const told: string[] = [];
	const gone = new AbortController();
	/** A watch whose probe the page service answers, and logs where it is this one's log. */
	const follow = (isLogged: boolean) =>
		watchSides({
			wanted: [{ ...wanted, switchedAt, quietMs: 2_400 }],
			mark: isLogged ? MARK : "fedcba987654",
			formerMarks: [],
			unprobed: [],
			old,
			new: newer,
			follow: true,
			accepted: [],
			probed: [{ side: "old", domain: HOST, address: "203.0.113.9" }],
			probe: (probed) => {
				if (isLogged) appendFileSync(old, hit({ agent: probeAgent(probed.mark) }));
				return Promise.resolve({ ...probed, is: "right", says: "the maintenance page answers", aheadMs: 0 });
			},
			tell: (line) => told.push(line),
			signal: AbortSignal.any([gone.signal, AbortSignal.timeout(20_000)]),
		});
	const [watching, astray] = [follow(true), follow(false)];
	appendFileSync(old, hit());
	await sleep(600);
	// Half a line, then a rotation with the rest in the former file.
	const late = hit({ client: "203.0.113.8" });
	appendFileSync(old, late.slice(0, 40));
	renameSync(old, `${old}.1`);
	appendFileSync(`${old}.1`, late.slice(40));
	writeFileSync(old, hit({ kind: "health" }));
	await sleep(600);
	writeFileSync(old, "");
	await sleep(400);
	const feed = setInterval(() => {
		appendFileSync(old, hit({ kind: "health" }));
		const [time = ""] = new Date().toISOString().split(".");
		appendFileSync(newer, `${nginx(0).replace(/\[[^\]]+\]/, () => `[${toNginx(time)}]`)}\n`);
	}, 100);
	const found = await watching.finally(() => clearInterval(feed));
	assert.equal(found.isSilent, true, found.lines.join("\n"));
	gone.abort();
	const other = await astray;
	assert.equal(other.isSilent, false);
	assert.match(other.lines.join("\n"), /answered this watch's own probe, which is not in the old side's log/);
	assert.equal(told.filter((line) => line.includes("was rotated or cut")).length, 4, told.join("\n"));
	assert.match(found.lines.join("\n"), /old side: 2 requests in this log/);
});

function toNginx(time: string): string {
	const [, year, month, day, clock] = /^(\d+)-(\d+)-(\d+)T(.*)$/.exec(time) ?? [];
	const name = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[Number(month) - 1];
	return `${day}/${name}/${year}:${clock} +0000`;
}

test("a large log with lines without end and clients without number is read in constant memory", async (t) => {
	const lines = Array.from({ length: 100_000 }, (_, index) =>
		index % 2 === 0 ? health(60 - index / 1_700) : page(59, { client: `2001:db8::${(index % 60_000).toString(16)}` }),
	);
	const old = fileOf(numbered(lines));
	// A line of zeros without end: it takes no room on the disk, and 160 MB of memory for whoever keeps it.
	truncateSync(old, statSync(old).size + 160_000_000);
	appendFileSync(old, `\n${page(0, { kind: "health", number: 100_001 })}\n`);
	const before = process.resourceUsage().maxRSS;
	const started = performance.now();
	const found = await watch([], busy, { old });
	const seconds = (performance.now() - started) / 1_000;
	t.diagnostic(`${(100_000 / seconds / 1_000).toFixed(0)} thousand lines a second`);
	assert.equal(found.isSilent, true, found.text);
	assert.match(found.text, /requests of clients beyond the 5000 that are told apart/);
	assert.match(found.text, /old log: 1 are no request/);
	const grownKb = process.resourceUsage().maxRSS - before;
	t.diagnostic(`${Math.round(grownKb / 1_000)} MB more`);
	assert.ok(grownKb < 130_000, `${grownKb} kB`);
	assert.ok(seconds < 10);
});

test("a log that is not there is an error with its path", async () => {
	await assert.rejects(watch([], busy, { old: path.join(folder, "none") }), /ENOENT.*none/);
});

test("what was read in part alone proves nothing: a watch that ends before its logs do", async () => {
	const gone = AbortSignal.abort();
	const found = await watch(quietHour, busy, { signal: gone });
	assert.equal(found.isSilent, false);
	// Of a log that is followed too, its beginning may be quiet.
	const late = numbered([...quietHour, ...Array.from({ length: 5_000 }, () => health(0.1)), page(0.05)]);
	const follow = { follow: true, signal: AbortSignal.timeout(700) };
	assert.equal((await watch(late, busy, follow)).isSilent, false);
	assert.equal((await watch(quietHour, busy, { follow: true })).isSilent, true);
});
