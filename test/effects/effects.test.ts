/** The line of each change, by noun: what a change of a spec says, and that what is no change says nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRemoval } from "../../effects/effects.ts";
import type { Difference } from "../../wire/difference.ts";
import { horizontal, portalSpec, small, vertical } from "../support/app-spec.ts";
import { postgresql, redis } from "../support/database-spec.ts";
import { syslogDrain } from "../support/drain-spec.ts";
import { check } from "./check.ts";

const idle = { restartFreeScaling: true };
const web = { endpoints: { web: ["https"], worker: [] }, formerPlaces: {} } as const;
const portal = portalSpec();
const withSecret = portalSpec({ config: { A: "1", KEY: "${secrets.sessionKey}" } });
const registry = { username: "deploy", password: "${secrets.registryPassword}" };
const private_ = portalSpec({ registry });

test("an app is deployed, restarted or scaled, and its services restart each in its way", () => {
	const both = "web and worker stop before they start anew";
	check("app", [
		["app portal: new, one deploy of acme/portal:1; web 1 x 1024 MB, worker 1 x 1024 MB", undefined, portal],
		[`app portal: one deploy of 2; ${both}`, portal, portalSpec({ image: "acme/portal:2" })],
		[
			"app portal: one deploy of 2; web (https) restarts without a gap, worker stops before it starts anew",
			portal,
			portalSpec({ image: "acme/portal:2" }),
			{ surroundings: web },
		],
		[
			"app portal: one deploy of 2; web (tcp, https) restarts nearly without a gap, worker restarts without a gap",
			portalSpec({ services: { worker: { forceZeroDowntime: true } } }),
			portalSpec({ image: "acme/portal:2", services: { worker: { forceZeroDowntime: true } } }),
			{ surroundings: { ...web, endpoints: { web: ["tcp", "https"] } } },
		],
		[`app portal: one deploy of other/portal:1; ${both}`, portal, portalSpec({ image: "other/portal:1" })],
		[
			`app portal: one deploy of sha256:0b; ${both}`,
			portalSpec({ image: "localhost:5000/portal@sha256:0a" }),
			portalSpec({ image: "localhost:5000/portal@sha256:0b" }),
		],
		[
			`app portal: one deploy of 0a1b; ${both}`,
			portalSpec({ image: undefined, git: { commitish: "main" } }),
			portalSpec({ image: undefined, git: { commitish: "0a1b" } }),
		],
		[
			`app portal: config A, B set, config KEY removed: one restart; ${both}`,
			withSecret,
			portalSpec({ config: { A: "sentinel", B: "sentinel" } }),
		],
		[
			`app portal: secret sessionKey changed: one restart; ${both}`,
			withSecret,
			withSecret,
			{ values: ["secrets.sessionKey"] },
		],
		[
			`app portal: config A set, secret sessionKey changed: one restart; ${both}; back as declared: config.A 2 => 1`,
			withSecret,
			withSecret,
			{
				values: ["secrets.sessionKey"],
				drift: [
					{ field: "config.KEY", live: "another value", declared: "as in the stage file" },
					{ field: "config.A", live: "2", declared: "1" },
				],
			},
		],
		[
			`app portal: one deploy of 2 with secret sessionKey changed; ${both}`,
			withSecret,
			{ ...withSecret, image: "acme/portal:2" },
			{ values: ["secrets.sessionKey"] },
		],
		[
			"app portal: one restart if apps.gateway.endpoints.internal.host changes",
			portal,
			portal,
			{ unknown: ["apps.gateway.endpoints.internal.host"] },
		],
		[
			"app portal: one scale of web, 1 x 1024 MB => 3 x 1024 MB; web (https) restarts without a gap",
			portal,
			portalSpec({ services: { web: { containers: 3 } } }),
			{ surroundings: web },
		],
		[
			"app portal: one scale of web, 1 x 1024 MB => 3 x 1024 MB",
			portalSpec({ services: { web: idle } }),
			portalSpec({ services: { web: { ...idle, containers: 3 } } }),
		],
		// Settings wait for the next release.
		[
			"app portal: one scale of web, 1 x 1024 MB => 3 x 1024 MB; restartFreeScaling of web false => true, from its next release on; web stops before it starts anew",
			portal,
			portalSpec({ services: { web: { ...idle, containers: 3 } } }),
		],
		[
			"app portal: one scale of web, 1 x 1024 MB => 3 x 1024 MB; restartFreeScaling of web true => false, from its next release on; web stops before it starts anew",
			portalSpec({ services: { web: idle } }),
			portalSpec({ services: { web: { containers: 3 } } }),
		],
		[
			"app portal: one scale of worker, 1 x 1024 MB => 3 x 1024 MB; forceZeroDowntime of worker false => true, from its next release on; worker stops before it starts anew",
			portal,
			portalSpec({ services: { worker: { forceZeroDowntime: true, containers: 3 } } }),
		],
		[
			"app portal: one deploy of 2; forceZeroDowntime of worker false => true, in this release; web stops before it starts anew, worker restarts without a gap",
			portal,
			portalSpec({ image: "acme/portal:2", services: { worker: { forceZeroDowntime: true } } }),
		],
		[
			"app portal: one scale of web, 1 x 1024 MB => 0: IT STOPS; one scale of worker, which starts: 1 x 2048 MB r",
			portalSpec({ services: { worker: { containers: 0 } } }),
			portalSpec({ services: { web: { containers: 0 }, worker: { containerMb: 2048, containerProfile: "r" } } }),
		],
		[
			"app portal: autoscaling of web begins: 1 to 4 containers; autoscaling of worker ends",
			portalSpec({ services: { worker: { autoscale: vertical() } } }),
			portalSpec({ services: { web: { containers: 2, autoscale: horizontal() } } }),
		],
		[
			"app portal: autoscaling of web changes: containers of 4096 to any number of MB",
			portalSpec({ services: { web: { autoscale: vertical() } } }),
			portalSpec({ services: { web: { containerMb: 4096, autoscale: vertical({ minMb: 4096 }) } } }),
		],
		[
			"app portal: stopTimeoutSeconds of web 10 => 30, from its next release on",
			portal,
			portalSpec({ services: { web: { stopTimeoutSeconds: 30 } } }),
		],
		[
			"app portal: service nightly is new, 1 x 1024 MB; service worker leaves the stage file, and what runs of it is left alone",
			portal,
			{ ...portal, services: { web: small, nightly: small } },
		],
		[
			"app clinic: renamed from portal, without a restart; drains and metrics show the new name only after a restart of it",
			{ ...portal, config: { URL: "${databases.main.url}" } },
			{ ...portal, handle: "clinic", renamedFrom: "portal", config: { URL: "${databases.primary.url}" } },
			{ surroundings: { endpoints: {}, formerPlaces: { "databases.primary": "databases.main" } } },
		],
		[
			"app clinic: renamed from portal, without a restart; drains and metrics show the new name only after a restart of it; what is pushed or deployed to portal finds nothing any more",
			portalSpec({ releasedBy: "ci" }),
			{ ...portalSpec({ releasedBy: "ci" }), handle: "clinic", renamedFrom: "portal" },
		],
		["app portal: nothing changes on Aptible (renamedFrom)", { ...portal, renamedFrom: "old" }, portal],
		[undefined, portal, { ...portal, environment: "acme-renamed" }],
		[undefined, portal, portal],
	]);
});

test("registry credentials wait for a deploy, and the image of an app of CI is CI's", () => {
	const rotated = { values: ["secrets.registryPassword"] };
	const deploying = portalSpec({ registry: { ...registry, deployOnChange: true } });
	const ofCi = portalSpec({ releasedBy: "ci" });
	const both = "web and worker stop before they start anew";
	check("app", [
		["app portal: new registry credentials wait for the next deploy", private_, private_, rotated],
		["app portal: registry credentials go with the next deploy", private_, portal],
		[`app portal: one deploy of 1 with new registry credentials; ${both}`, deploying, deploying, rotated],
		[
			`app portal: one deploy of 2 with new registry credentials; ${both}`,
			private_,
			{ ...private_, image: "acme/portal:2" },
			rotated,
		],
		[
			"app portal: deploys nothing: CI does (or `npm run up -- --release portal`)",
			ofCi,
			{ ...ofCi, image: "acme/portal:2" },
		],
		[`app portal: one deploy of 1; ${both}`, ofCi, ofCi, { values: ["hints.release"] }],
	]);
});

test("a database restarts for a size and not for IOPS", () => {
	const lost = [{ field: "object", live: "gone", declared: "there" }];
	const restart = "one restart (usually under a minute)";
	check("database", [
		["database main: new, postgresql 16, empty, 1024 MB, disk 10 GB", undefined, postgresql],
		[
			"database main: new, postgresql 16 from backup 12, 1024 MB, disk 10 GB",
			undefined,
			{ ...postgresql, restoreFrom: 12 },
		],
		[
			"database copy: new, postgresql 16, a logical replica of main, 1024 MB, disk 10 GB",
			undefined,
			{ ...postgresql, handle: "copy", replicaOf: { handle: "main", logical: true } },
		],
		[`database main: disk 10 => 40 GB, ${restart}`, postgresql, { ...postgresql, diskGb: 40 }],
		[
			`database main: container 1024 => 4096 MB, profile m => r, 3000 => 4000 IOPS, ${restart}`,
			postgresql,
			{ ...postgresql, containerMb: 4096, containerProfile: "r", iops: 4000 },
		],
		["database main: 3000 => 4000 IOPS, no restart", postgresql, { ...postgresql, iops: 4000 }],
		[
			"database primary: renamed from main, without a restart; drains and metrics show the new name only after a reload of it",
			postgresql,
			{ ...postgresql, handle: "primary", renamedFrom: "main" },
		],
		[
			`database primary: renamed from main; disk 10 => 40 GB, ${restart}`,
			postgresql,
			{ ...postgresql, handle: "primary", renamedFrom: "main", diskGb: 40 },
		],
		[
			"database main: no longer a replica of old",
			{ ...postgresql, replicaOf: { handle: "old", logical: true } },
			postgresql,
		],
		[
			"database main: NOT backed up every day any more, and no last backup when it is deleted; from now on it is never deleted without a last backup",
			postgresql,
			{ ...postgresql, automaticBackups: false, finalBackup: true },
		],
		[
			"database main: its sizes change with the restart of the move",
			postgresql,
			{ ...postgresql, containerMb: 4096, leavesSizes: true },
		],
		[undefined, postgresql, { ...postgresql, leavesSizes: true }],
		[
			"database main: disk 10 => 20 GB, container 2048 => 1024 MB, one restart (usually under a minute); back as declared: containerMb 2048 => 1024",
			postgresql,
			{ ...postgresql, diskGb: 20 },
			{ drift: [{ field: "containerMb", live: "2048", declared: "1024" }] },
		],
		[
			"database main: it is gone from Aptible, and THE UPDATE FAILS until the stage file says what becomes of its data",
			postgresql,
			postgresql,
			{ drift: lost },
		],
		[
			"database main: it is gone from Aptible, and is made again EMPTY: its data IS LOST",
			postgresql,
			{ ...postgresql, acceptLossOf: 7 },
			{ drift: lost },
		],
		[
			"database main: it is gone from Aptible, and is made again from backup 9",
			postgresql,
			{ ...postgresql, restoreFrom: 9 },
			{ drift: lost },
		],
		[
			"database main: it is gone from Aptible, and THE UPDATE FAILS until the stage file says what becomes of its data",
			{ ...postgresql, restoreFrom: 9 },
			{ ...postgresql, restoreFrom: 9 },
			{ drift: lost },
		],
		[
			"database main: it is gone from Aptible, and is made again as a replica of first",
			{ ...postgresql, replicaOf: { handle: "first", logical: false } },
			{ ...postgresql, replicaOf: { handle: "first", logical: false } },
			{ drift: lost },
		],
		[
			"database main: is compared anew, as an older version of this program recorded it",
			{ handle: "main", size: 1 },
			postgresql,
		],
	]);
	const { environment, handle, containerMb, containerProfile, diskGb, iops } = postgresql;
	const moved = { environment, handle, containerMb, containerProfile, diskGb, iops };
	check("database-restart", [
		["database main: one restart for the move (usually under a minute)", undefined, moved],
		[`database main: container 1024 => 4096 MB, ${restart}`, moved, { ...moved, containerMb: 4096 }],
	]);
});

const endpoint = {
	environment: "acme-test",
	on: { app: "portal" },
	name: "public",
	kind: "https",
	service: "web",
	internal: false,
	defaultDomain: false,
	managedTls: false,
	domain: "portal.acme.example",
	certificate: { chain: "${secrets.chain}", key: "${secrets.key}" },
	ports: [],
	ipFilter: [],
	shared: false,
	settings: { idle_timeout: 60 },
	hasTwins: false,
};
const door = {
	...{ environment: "acme-test", on: { database: "main" }, name: "vpn", kind: "database", internal: false },
	...{ defaultDomain: false, managedTls: false, ports: [], ipFilter: [], shared: false, settings: {}, hasTwins: false },
};

test("an endpoint takes one provisioning, and who may connect is said", () => {
	check("endpoint", [
		[
			'endpoint public of app portal: new, https on service "web", external, with a certificate of its own, one provisioning',
			undefined,
			endpoint,
		],
		[
			"endpoint vpn of database main: new, database, external, one provisioning; open to EVERYONE: it has no IP filter; the database's certificate names it only after `aptible db:reload main --environment acme-test`",
			undefined,
			door,
		],
		[
			"endpoint vpn of database main: new, database, external, one provisioning; open to 203.0.113.7 alone; the database's certificate names it only after `aptible db:reload main --environment acme-test`",
			undefined,
			{ ...door, ipFilter: ["203.0.113.7"] },
		],
		[
			"endpoint vpn of database main: IP filter + 198.51.100.1, - 203.0.113.7: one provisioning",
			{ ...door, ipFilter: ["203.0.113.7", "203.0.113.8"] },
			{ ...door, ipFilter: ["198.51.100.1", "203.0.113.8"] },
		],
		[
			"endpoint vpn of database main: IP filter 203.0.113.7 => none: open to EVERYONE: one provisioning",
			{ ...door, ipFilter: ["203.0.113.7"] },
			door,
		],
		[
			"endpoint public of app portal: ports Aptible's own => 8080, idle_timeout 60 => 120, force_ssl Aptible's own => true: one provisioning",
			endpoint,
			{ ...endpoint, ports: [8080], settings: { idle_timeout: 120, force_ssl: true } },
		],
		[
			"endpoint public of app portal: secret chain, secret key changed: one provisioning",
			endpoint,
			endpoint,
			{ values: ["secrets.chain", "secrets.key"] },
		],
		[
			"endpoint public of app portal: domain portal.acme.example => app.acme.example, another certificate, shares its load balancer from now on: one provisioning",
			endpoint,
			{
				...endpoint,
				domain: "app.acme.example",
				certificate: undefined,
				certificateFingerprint: "0a1b",
				shared: true,
			},
		],
		["endpoint public of app portal: nothing changes on Aptible (name)", { ...endpoint, name: "test" }, endpoint],
		[undefined, endpoint, { ...endpoint, on: { app: "clinic" }, hasTwins: true }],
	]);
});

test("a drain changes in place in what it sends alone, and no value of it is told", () => {
	const anew = "changed: a new drain comes up beside the old one, which then goes";
	const https = {
		...syslogDrain,
		host: undefined,
		port: undefined,
		kind: "https",
		url: "https://x.example/${secrets.siem}",
	};
	check("log-drain", [
		["log drain siem: new, to syslog; sends apps, databases, ephemeralSessions, proxies", undefined, syslogDrain],
		[
			"log drain siem: sends databases, proxies no more",
			syslogDrain,
			{ ...syslogDrain, databases: false, proxies: false },
		],
		["log drain siem: sends proxies too", { ...syslogDrain, proxies: false }, syslogDrain],
		[`log drain siem: host ${anew}`, syslogDrain, { ...syslogDrain, host: "logs2.acme.example" }],
		["log drain siem: nothing changes on Aptible (kind)", syslogDrain, { ...syslogDrain, kind: "papertrail" }],
		[`log drain siem: kind, host, port, url ${anew}`, syslogDrain, JSON.parse(JSON.stringify(https))],
		[
			`log drain siem: url ${anew}`,
			JSON.parse(JSON.stringify(https)),
			{ ...JSON.parse(JSON.stringify(https)), url: "https://sentinel" },
		],
		[
			`log drain siem: secret siem ${anew}`,
			JSON.parse(JSON.stringify(https)),
			JSON.parse(JSON.stringify(https)),
			{ values: ["secrets.siem"], drift: [{ field: "url", live: "another value", declared: "as in the stage file" }] },
		],
	]);
	check("metric-drain", [
		[
			"metric drain load: new, to influxdb",
			undefined,
			{ environment: "acme-test", name: "load", adopt: false, kind: "influxdb", database: "metrics" },
		],
	]);
});

test("the environment: renames, backups, permissions", () => {
	const backups = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true };
	const environment = { handle: "acme-test", stack: "acme-ca", phi: false, backups };
	check("environment", [
		["environment acme-test: new on stack acme-ca", undefined, { ...environment, backups: undefined }],
		[
			"environment acme-clinic: renamed from acme-test, without a restart; drains and metrics show the new name only after a restart of its apps and a reload of its databases; git remotes of its apps change, and CI or scripts that say --environment acme-test find nothing any more; its objects are compared once more, and stay as they are",
			environment,
			{ ...environment, handle: "acme-clinic", renamedFrom: "acme-test" },
		],
		[
			"environment acme-test: backups of each database: daily 30 => 7, NO copy in another region, NONE of a deleted database is kept; the ones beyond ARE DELETED",
			environment,
			{ ...environment, backups: { ...backups, daily: 7, makeCopy: false, keepFinal: false } },
		],
		[
			"environment acme-test: backups of each database: yearly 6 => 7",
			environment,
			{ ...environment, backups: { ...backups, yearly: 7 } },
		],
		[
			"environment acme-test: backups of each database: daily 7, monthly 0, yearly 0, a copy in another region, a deleted database's last one is kept; the ones beyond ARE DELETED",
			{ ...environment, backups: undefined },
			{ ...environment, backups: { ...backups, daily: 7, monthly: 0, yearly: 0 } },
		],
		[
			"environment acme-test: its backup policy is left as it is from now on; phi false => true: what the stage file may say, nothing on Aptible",
			environment,
			{ ...environment, phi: true, backups: undefined },
		],
	]);
	const roles = { Developers: ["deploy", "read"], Robots: ["deploy"] };
	check("permissions", [
		[
			"permissions in acme-test: Developers has deploy, read and nothing else; Robots has deploy and nothing else",
			undefined,
			{ environment: "acme-test", roles },
		],
		[
			"permissions in acme-test: Developers + sensitive, - read; Robots - deploy; Auditors + read",
			{ environment: "acme-test", roles },
			{ environment: "acme-test", roles: { Developers: ["deploy", "sensitive"], Auditors: ["read"] } },
		],
	]);
});

test("what is taken over is never told as new, and what that changes is told as of any change", () => {
	const found = (...differences: Difference[]) => ({ adoption: { adopt: true, differences } });
	const unseen = { adoption: { adopt: true, differences: undefined } };
	const notDeclared = (...differences: Difference[]) => ({ adoption: { adopt: false, differences } });
	const environment = { handle: "acme-test", stack: "acme-ca", phi: false };
	const backups = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true };
	const disk = { field: "diskGb", live: "5", declared: "10" };
	check("environment", [
		["environment acme-test: taken over as it is", undefined, environment, found()],
		[
			"environment acme-test: taken over; backups of each database: daily 5 => 30; changes backups.daily 5 => 30",
			undefined,
			{ ...environment, backups },
			found({ field: "backups.daily", live: "5", declared: "30" }),
		],
		[
			"environment acme-test: taken over if it is there (adopt), else new on stack acme-ca",
			undefined,
			environment,
			unseen,
		],
		[
			"environment acme-test: taken over if it is there (adopt), else new on stack acme-ca; backups of each database: daily 30, monthly 12, yearly 6, a copy in another region, a deleted database's last one is kept; the ones beyond ARE DELETED",
			undefined,
			{ ...environment, backups },
			unseen,
		],
	]);
	check("database", [
		["database main: taken over as it is", undefined, postgresql, found()],
		[
			"database main: taken over; disk 5 => 10 GB, one restart (usually under a minute); changes diskGb 5 => 10",
			undefined,
			postgresql,
			found(disk),
		],
		[
			"database main: taken over if it is there (adopt), else new, postgresql 16, empty, 1024 MB, disk 10 GB",
			undefined,
			postgresql,
			unseen,
		],
		[
			"database main: THE UPDATE FAILS, as it is on Aptible and the stage file has no `adopt: true` for it, unless a cut-off update of this stack began it",
			undefined,
			postgresql,
			notDeclared(),
		],
		[
			"database main: THE UPDATE FAILS, as it is on Aptible and the stage file has no `adopt: true` for it, unless a cut-off update of this stack began it; disk 5 => 10 GB, one restart (usually under a minute); changes diskGb 5 => 10",
			undefined,
			postgresql,
			notDeclared(disk),
		],
		[
			`database main: disk 10 => 40 GB, one restart (usually under a minute)`,
			postgresql,
			{ ...postgresql, diskGb: 40 },
			unseen,
		],
	]);
	check("app", [
		["app portal: taken over as it is", undefined, withSecret, { ...found(), values: ["secrets.sessionKey"] }],
		[
			"app portal: taken over; one deploy of 1; web (https) restarts without a gap, worker stops before it starts anew; changes image acme/portal:0 => acme/portal:1",
			undefined,
			portal,
			{ ...found({ field: "image", live: "acme/portal:0", declared: "acme/portal:1" }), surroundings: web },
		],
		[
			"app portal: taken over; config KEY set: one restart; web and worker stop before they start anew; changes config.KEY another value => as in the stage file",
			undefined,
			withSecret,
			{
				...found({ field: "config.KEY", live: "another value", declared: "as in the stage file" }),
				values: ["secrets.sessionKey"],
			},
		],
		[
			"app portal: taken over if it is there (adopt), else new, one deploy of acme/portal:1; web 1 x 1024 MB, worker 1 x 1024 MB",
			undefined,
			portal,
			unseen,
		],
	]);
	check("endpoint", [
		["endpoint vpn of database main: taken over as it is", undefined, door, found()],
		[
			"endpoint public of app portal: taken over; idle_timeout 30 => 60: one provisioning; changes settings.idle_timeout 30 => 60",
			undefined,
			endpoint,
			found({ field: "settings.idle_timeout", live: "30", declared: "60" }),
		],
		[
			"endpoint vpn of database main: taken over; one provisioning; changes ipFilter none => 203.0.113.7",
			undefined,
			{ ...door, ipFilter: ["203.0.113.7"] },
			found({ field: "ipFilter", live: "none", declared: "203.0.113.7" }),
		],
		[
			"endpoint vpn of database main: taken over if it is there (adopt), else new, database, external, one provisioning; open to EVERYONE: it has no IP filter; the database's certificate names it only after `aptible db:reload main --environment acme-test`",
			undefined,
			door,
			unseen,
		],
	]);
	check("log-drain", [
		["log drain siem: taken over as it is", undefined, syslogDrain, found()],
		[
			"log drain siem: taken over; sends proxies no more; changes proxies true => false",
			undefined,
			{ ...syslogDrain, proxies: false },
			found({ field: "proxies", live: "true", declared: "false" }),
		],
		[
			"log drain siem: taken over if it is there (adopt), else new, to syslog; sends apps, databases, ephemeralSessions, proxies",
			undefined,
			syslogDrain,
			unseen,
		],
	]);
});

test("the claims are one line, and what is no object of Aptible has none", () => {
	const claim = { adopt: false };
	const stage = {
		environment: { ...claim, handle: "acme-test" },
		databases: { main: claim },
		apps: { portal: { ...claim, endpoints: {} } },
		logDrains: { siem: claim },
		metricDrains: {},
	};
	check("claims", [
		["stage: takes environment acme-test, database main, app portal, log drain siem", undefined, stage],
		[
			"stage: takes app clinic, metric drain load; gives up app portal, log drain siem",
			stage,
			{ ...stage, apps: { clinic: stage.apps.portal }, logDrains: {}, metricDrains: { load: claim } },
		],
		[
			"stage: renames environment acme-test to acme-new; renames app portal to clinic",
			stage,
			{
				...stage,
				environment: { ...claim, handle: "acme-new", renamedFrom: "acme-test" },
				apps: { clinic: { ...stage.apps.portal, renamedFrom: "portal" } },
			},
		],
		[undefined, stage, stage],
	]);
	check("leftovers", [[undefined, undefined, { environment: "acme-test", protected: [] }]]);
});

test("what goes is told with what is kept of it", () => {
	const removals: [says: string | undefined, kind: string, spec: object, keepsFinal?: boolean][] = [
		[
			"database main IS DELETED: 10 GB; a last backup is taken first and kept",
			"database",
			{ ...postgresql, finalBackup: true },
			false,
		],
		["database cache IS DELETED: 10 GB; the last backup is kept", "database", redis, true],
		["database cache IS DELETED: 10 GB; NO backup is kept", "database", redis, false],
		["database cache IS DELETED: 10 GB; NO backup is kept", "database", { ...redis, automaticBackups: false }, true],
		[
			"database cache IS DELETED: 10 GB; whether the last backup is kept is up to Aptible's own policy",
			"database",
			redis,
		],
		[
			"app portal IS DELETED: web 1 x 1024 MB, worker 1 x 1024 MB, 1 config key and its endpoints go with it",
			"app",
			portal,
		],
		[
			'endpoint public of app portal GOES OFF THE NETWORK: https://a.example, https on service "web", external, with a certificate of its own',
			"endpoint",
			endpoint,
		],
		["log drain siem IS DELETED: nothing more goes to syslog", "log-drain", syslogDrain],
		[
			"permissions in acme-test are no longer declared: Robots keep what they may do",
			"permissions",
			{ environment: "acme-test", roles: { Robots: ["read"] } },
		],
		[undefined, "leftovers", { environment: "acme-test", protected: [] }],
		[undefined, "database", { handle: "of another version" }],
	];
	for (const [says, kind, spec, keepsFinal] of removals)
		assert.equal(
			describeRemoval(kind, spec, {
				keepsFinal,
				url: kind === "endpoint" ? "https://a.example" : undefined,
				isProtected: false,
			}),
			says,
		);
	assert.equal(
		describeRemoval("database", postgresql, { keepsFinal: true, url: undefined, isProtected: true }),
		"database main is protected: it stays as it is, and THE UPDATE FAILS",
	);
});
