/** The line of what somebody has changed on Aptible, by noun. */
import { test } from "node:test";
import { eitherSide } from "../../wire/difference.ts";
import { portalSpec } from "../support/app-spec.ts";
import { postgresql } from "../support/database-spec.ts";
import { syslogDrain } from "../support/drain-spec.ts";
import { check } from "./check.ts";

const portal = portalSpec();
const withSecret = portalSpec({ config: { A: "1", KEY: "${secrets.sessionKey}" } });

test("what was changed by hand is told with what it takes to bring it back, and with who did it", () => {
	const cause = (id: number) =>
		`changed by operation ${id} (scale by Ana Ops, ana@acme.example) at 2026-12-01T10:00:00Z`;
	const drift = (field: string, live: string, declared: string, why?: string) => ({
		field,
		live,
		declared,
		...(why === undefined ? {} : { cause: why }),
	});
	const restart = "one restart (usually under a minute)";
	const scaled = portalSpec({ services: { web: { containers: 2 }, worker: { containers: 0 } } });
	check("app", [
		[
			`app portal: one scale of web, 5 x 1024 MB => 2 x 1024 MB; web (https) restarts without a gap; back as declared: services.web.containers 5 => 2, ${cause(12)}`,
			scaled,
			scaled,
			{
				drift: [drift("services.web.containers", "5", "2", cause(12))],
				surroundings: { endpoints: { web: ["https"] }, formerPlaces: {} },
			},
		],
		[
			"app portal: one scale of web, which starts: 2 x 1024 MB; one scale of worker, 1 x 512 MB r => 0: IT STOPS; back as declared: services.web.containers 0 => 2, services.worker.containers 1 => 0, services.worker.containerMb 512 => 1024, services.worker.containerProfile r => m",
			scaled,
			scaled,
			{
				drift: [
					drift("services.web.containers", "0", "2"),
					drift("services.worker.containers", "1", "0"),
					drift("services.worker.containerMb", "512", "1024"),
					drift("services.worker.containerProfile", "r", "m"),
				],
			},
		],
		[
			"app portal: one deploy of 1 with config A set; web and worker stop before they start anew; back as declared: config.A another value => as in the stage file, changed by operation 7, image acme/portal:2 => acme/portal:1, changed by operation 8",
			portal,
			portal,
			{
				drift: [
					drift("config.A", "another value", "as in the stage file", "changed by operation 7"),
					drift("image", "acme/portal:2", "acme/portal:1", "changed by operation 8"),
				],
			},
		],
		[
			"app portal: config KEY set: one restart; web and worker stop before they start anew; back as declared: config.KEY another value => as in the stage file",
			withSecret,
			withSecret,
			{ drift: [drift("config.KEY", "another value", "as in the stage file", eitherSide)] },
		],
		[
			"app portal: stopTimeoutSeconds of web 90 => 30, from its next release on; back as declared: services.web.stopTimeoutSeconds 90 => 30",
			portalSpec({ services: { web: { stopTimeoutSeconds: 30 } } }),
			portalSpec({ services: { web: { stopTimeoutSeconds: 30 } } }),
			{ drift: [drift("services.web.stopTimeoutSeconds", "90", "30")] },
		],
	]);
	const private_ = portalSpec({
		registry: { username: "deploy", password: "${secrets.registry}", deployOnChange: true },
	});
	check("app", [
		[
			"app portal: one deploy of 1 with new registry credentials; web and worker stop before they start anew; back as declared: registry other credentials => as in the stage file",
			private_,
			private_,
			{ drift: [drift("registry", "other credentials", "as in the stage file")] },
		],
		[
			"app portal: renamed from clinic, without a restart; drains and metrics show the new name only after a restart of it; back as declared: handle clinic => portal",
			portal,
			portal,
			{ drift: [drift("handle", "clinic", "portal")] },
		],
	]);
	check("database", [
		[
			`database main: container 2048 => 1024 MB, 5000 => 3000 IOPS, ${restart}; back as declared: containerMb 2048 => 1024, iops 5000 => 3000`,
			postgresql,
			postgresql,
			{ drift: [drift("containerMb", "2048", "1024"), drift("iops", "5000", "3000")] },
		],
		[
			"database main: THE UPDATE FAILS, as a disk of 40 GB never shrinks: write diskGb: 40; back as declared: diskGb 40 => 10",
			postgresql,
			postgresql,
			{ drift: [drift("diskGb", "40", "10")] },
		],
	]);
	const door = {
		...{ environment: "acme-test", on: { database: "main" }, name: "vpn", kind: "database", internal: false },
		...{ defaultDomain: false, managedTls: false, ports: [], shared: false, settings: {}, hasTwins: false },
		ipFilter: ["203.0.113.7/32"],
	};
	check("endpoint", [
		[
			"endpoint vpn of database main: one provisioning; back as declared: ipFilter everyone => 203.0.113.7/32",
			door,
			door,
			{ drift: [drift("ipFilter", "everyone", "203.0.113.7/32")] },
		],
	]);
	const https = JSON.parse(JSON.stringify({ ...syslogDrain, kind: "https", url: "${secrets.siem}" }));
	delete https.host;
	delete https.port;
	check("log-drain", [
		[
			"log drain siem: sends proxies too; back as declared: proxies false => true",
			syslogDrain,
			syslogDrain,
			{ drift: [drift("proxies", "false", "true")] },
		],
		[
			"log drain siem: url changed: a new drain comes up beside the old one, which then goes; back as declared: url another value => ${secrets.siem}",
			https,
			https,
			{ drift: [drift("url", "another value", "${secrets.siem}", eitherSide)] },
		],
		[
			"log drain siem: secret siem changed: a new drain comes up beside the old one, which then goes",
			https,
			https,
			{
				values: ["secrets.siem"],
				drift: [drift("url", "another value", "${secrets.siem}", eitherSide)],
			},
		],
	]);
	check("log-drain", [
		[
			"log drain siem: a new drain comes up beside the old one, which then goes; back as declared: type https_post => syslog_tls_tcp",
			syslogDrain,
			syslogDrain,
			{ drift: [drift("type", "https_post", "syslog_tls_tcp")] },
		],
		[
			"log drain siem: it is gone from Aptible, and is made again",
			syslogDrain,
			syslogDrain,
			{ drift: [drift("object", "gone", "there")] },
		],
	]);
	const backups = { daily: 14, monthly: 12, yearly: 6, makeCopy: false, keepFinal: true };
	const environment = { handle: "acme-test", stack: "acme-ca", phi: false, backups };
	check("environment", [
		[
			"environment acme-test: backups of each database: daily 30 => 14, a deleted database's last one is kept; the ones beyond ARE DELETED; back as declared: backups.daily 30 => 14, backups.keepFinal false => true",
			environment,
			environment,
			{ drift: [drift("backups.daily", "30", "14"), drift("backups.keepFinal", "false", "true")] },
		],
	]);
});
