/** The move of a stage's data from a MedStack cluster to Aptible, by phases. */
import { z } from "zod";
import { movePhases } from "../wire/move.ts";
import { block, choice, flag, message, named, pattern, text, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { ipv4Pattern } from "./shared-fields.ts";
import { containerProfiles } from "./sizes.ts";

/** Entries that the IP filter of an endpoint takes (facts/aptible.md §4.2). */
const mostAddresses = 50;

const addressText = "for example 203.0.113.9 (Aptible filters no IPv6)";
const address = pattern("an IPv4 address", addressText, ipv4Pattern);

const hostPattern = /^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const hostText = "for example 203.0.113.9 or acme.medstack.example";

/** Where the data comes from. */
export const MoveSource = block("where the data comes from", {
	addresses: z
		.array(address, { error: message("a list", "IPv4 addresses, such as [203.0.113.9]") })
		.min(1, { error: "is empty; give the addresses of the cluster's nodes, such as [203.0.113.9]" })
		.max(mostAddresses, { error: `has more than ${mostAddresses} entries; allowed: at most ${mostAddresses}` })
		.register(keyDocs, {
			description:
				"public addresses of the MedStack cluster's nodes, which the mover comes from: the IP filter of its endpoints. MedStack's support names them",
			inPlace: "yes",
			allowed: `list of 1 to ${mostAddresses} public IPv4 addresses, no ranges`,
		}),
	cluster: text("the label or id of a cluster", "as MedStack shows it, for example acme-prod")
		.min(1, { error: "is empty; give the label or id of the cluster, as MedStack shows it" })
		.optional()
		.register(keyDocs, {
			description:
				"MedStack cluster whose services `freeze` sets to 0 and `thaw` brings back by MedStack's API, with a token in the environment",
			inPlace: "yes",
			allowed: "label or id of a cluster of the token's company",
			otherwise: "none: its services are changed by hand",
		}),
	services: named(
		"services",
		text("the name of a service in MedStack", "for example acme-web").min(1, {
			error: "is empty; give the name of the service in MedStack",
		}),
	)
		.optional()
		.register(keyDocs, {
			description: "names of services in MedStack, by the name of the one that takes their place here",
			inPlace: "yes",
			allowed: "APP.SERVICE: name in MedStack",
			otherwise: "APP.SERVICE or APP-SERVICE, or SERVICE where one app alone has a service of that name",
		}),
});

/** Sizes of a moved database while the move goes on. */
export const DuringMove = block("the size during the move", {
	containerMb: whole("MB of memory of a container", 1).optional().register(keyDocs, {
		description: "memory of its container during the move, in MB; with it grows the CPU, which the copy waits for",
		inPlace: "restart",
		allowed: "a container size of its profile, not below the declared one",
		otherwise: "value of `databases.NAME.containerMb`",
	}),
	containerProfile: choice("a container profile", containerProfiles).optional().register(keyDocs, {
		description: "container profile during the move; `c` has twice the CPU of `m`",
		inPlace: "restart",
		otherwise: "value of `databases.NAME.containerProfile`",
	}),
	iops: whole("provisioned IOPS of the disk", 3000, 16000).optional().register(keyDocs, {
		description: "provisioned IOPS of its disk during the move",
		inPlace: "yes",
		allowed: "3000 to 16000, not below the declared ones, at most 500 for each GB of disk",
		otherwise: "value of `databases.NAME.iops`",
	}),
});

/** Queues of a Redis that run empty instead of being copied. */
export const Drain = block("queues that run empty", {
	queues: z
		.array(
			text("the key of a queue", "for example queue:default").min(1, { error: "is empty; give the key of a queue" }),
			{
				error: message("a list", "keys of queues, such as [queue:default]"),
			},
		)
		.min(1, { error: "is empty; give the keys of the queues, such as [queue:default]" })
		.register(keyDocs, {
			description: "keys of lists, sets, sorted sets or streams that `copy` waits for until they are empty",
			inPlace: "yes, with `npm run move -- credentials --stack STACK --replace`",
			allowed: "list of keys as the source has them",
		}),
	database: whole("number of the database", 0, 65_535).default(0).register(keyDocs, {
		description: "number of the database that they are in",
		inPlace: "yes, as `queues`",
	}),
	minutes: whole("minutes", 0, 1440).default(10).register(keyDocs, {
		description: "how long `copy` waits for them before it fails with what is left",
		inPlace: "yes, as `queues`",
	}),
});

export type Drain = z.infer<typeof Drain>;

/** A database that data is moved into. */
export const MovedDatabase = block("a moved database", {
	drain: Drain.optional().register(keyDocs, {
		description: "queues that run empty on the old side, so that no key of this database is copied; Redis only",
		otherwise: "every key is copied",
	}),
	during: DuringMove.optional().register(keyDocs, {
		description: "its larger size, from `prepare` until the move is closed or cancelled",
		otherwise: "the declared size",
	}),
});

/** Who changes the DNS record of a domain. */
export const dnsWays = ["azure", "manual", "route53", "cloudflare"] as const;
export type DnsWay = (typeof dnsWays)[number];

const smokePath = () => pattern("a path", "for example /health", /^\/[^\s#]*$/);
const smokeText = () =>
	text("text", "a few words of the answer").min(1, { error: "is empty; give a few words of the answer" });

/** What the probe of one domain asks, where it is another than `move.smoke`. */
export const DomainSmoke = block("the smoke test of a domain", {
	path: smokePath().register(keyDocs, {
		description: "path that `probe` requests of this domain; its redirects have to stay on it",
		inPlace: "yes",
	}),
	text: smokeText().register(keyDocs, {
		description: "text that the answer holds where the app works, of its first MB",
		inPlace: "yes",
	}),
});

/** A domain that goes over to Aptible. */
export const MovedDomain = block("a domain", {
	via: choice("a way to change DNS", dnsWays).register(keyDocs, {
		description:
			"who changes its DNS record: the phases by themselves (`azure`, a record under `dns.zones`), `npm run move -- point --to new --stack STACK` at the DNS host (`route53`, `cloudflare`), or you by hand (`manual`)",
		inPlace: "yes, in `prepare`",
	}),
	from: text("where it leads now", hostText)
		.regex(new RegExp(`${ipv4Pattern.source}|${hostPattern.source}`), {
			error: `is not an IPv4 address or a host name; allowed: ${hostText}`,
		})
		.register(keyDocs, {
			description: "address or host name of MedStack's load balancer, which it leads to now and on the way back",
			inPlace: "yes",
		}),
	smoke: DomainSmoke.optional().register(keyDocs, {
		description: "what `probe` asks of this domain, where it is another app or path than `move.smoke` is for",
		inPlace: "yes",
		otherwise: "value of `move.smoke`",
	}),
});

/** What a kept rehearsal needs: what must not be real meanwhile, and how a person sees that an app works on it. */
export const Smoke = block("a smoke test", {
	path: smokePath().register(keyDocs, {
		description:
			"path that the step `probe` requests of each of `move.domains` without a `smoke` of its own; its redirects have to stay on the domain",
		inPlace: "yes",
	}),
	text: smokeText().register(keyDocs, {
		description: "text that the answer holds where the app works, of its first MB",
		inPlace: "yes",
	}),
	placeholders: z
		.array(text("the name of a secret", "a name under secrets"), {
			error: message("a list", "names of secrets, such as [smtpPassword]"),
		})
		.min(1, { error: "is empty; name the secrets by which an app reaches people, such as [smtpPassword]" })
		.register(keyDocs, {
			description:
				"secrets in whose place the apps' config has `placeholder-of-a-rehearsal` for as long as the phase is `prepare`, so that nothing goes out to the patients of a kept rehearsal: mail, payments",
			inPlace: "restart of the apps that have them in their config",
			allowed: "list of at least one name under `secrets` that an app's config refers to",
		}),
});

/** What is waited for at least, in seconds: the program's own, which only a test may shorten (facts/move.md §4, §6). */
export const leastTiming = { watchSeconds: 900, proofSeconds: 30, ttlFloorSeconds: 300 } as const;

/** For how long the move's commands wait. */
export const Timing = block("how long the move waits", {
	watchSeconds: whole("seconds", 1, 604_800)
		.default(leastTiming.watchSeconds)
		.register(keyDocs, {
			description:
				"for how long nobody may come to MedStack before `watch` calls it silent; three TTLs where that is longer",
			inPlace: "yes",
			allowed: `${leastTiming.watchSeconds} to 604800; less with \`test\``,
		}),
	proofSeconds: whole("seconds", 1, 3600)
		.default(leastTiming.proofSeconds)
		.register(keyDocs, {
			description: "seconds between the two samples by which `freeze` proves that nobody writes",
			inPlace: "yes, with `npm run move -- credentials --stack STACK --replace`",
			allowed: `${leastTiming.proofSeconds} to 3600; less with \`test\``,
		}),
	ttlFloorSeconds: whole("seconds", 1, 86_400)
		.default(leastTiming.ttlFloorSeconds)
		.register(keyDocs, {
			description: "TTL that is reckoned with where a record has a lower one, as caches keep those longer",
			inPlace: "yes",
			allowed: `${leastTiming.ttlFloorSeconds} to 86400; less with \`test\``,
		}),
	test: flag("true where the move is a test of data that nobody minds").default(false).register(keyDocs, {
		description: "a test of the move without health information, which may wait less; needs `environment.phi: false`",
		inPlace: "yes",
	}),
});

/** The move of a stage. The phase changes what the other blocks declare: config/move-phases.ts. */
export const Move = block("the move of the stage", {
	phase: choice("a phase of the move", movePhases).register(keyDocs, {
		description: "how far the move is; what each phase does is below",
		inPlace: "yes, in the order below",
	}),
	downtimeBudgetMinutes: whole("minutes", 1, 1440).optional().register(keyDocs, {
		description: "minutes for which the product may be down; the forecast says whether they are enough",
		inPlace: "yes",
		otherwise: "none: the forecast is compared with nothing",
	}),
	from: MoveSource.register(keyDocs, { description: "MedStack cluster that the data comes from" }),
	idle: z
		.array(text("a service of this stage", "APP.SERVICE, such as portal.worker"), {
			error: message("a list", "services as APP.SERVICE, such as [portal.worker]"),
		})
		.optional()
		.register(keyDocs, {
			description:
				"services at 0 containers until `live`, as they act on data by themselves: workers, schedulers, mailers",
			inPlace: "yes",
			allowed: "list of APP.SERVICE",
			otherwise: "every service without an endpoint",
		}),
	databases: named("databases", MovedDatabase).default({}).register(keyDocs, {
		description: "databases of this file that data is moved into, by their handles",
		allowed: "handle: block",
	}),
	objects: z
		.array(text("a container of the storage", "a name under storage.containers"), {
			error: message("a list", "names under storage.containers, such as [documents]"),
		})
		.default([])
		.register(keyDocs, {
			description:
				"containers of the storage that `npm run move -- objects --stack STACK` copies into: the account takes copies from `from.addresses` and from anywhere",
			inPlace: "yes, with `npm run move -- credentials --stack STACK --replace`",
			allowed: "list of names under `storage.containers`",
			otherwise: "none",
		}),
	domains: named("domains", MovedDomain).default({}).register(keyDocs, {
		description: "domains that go over to Aptible",
		allowed: "domain of an endpoint of this file: block",
	}),
	smoke: Smoke.optional().register(keyDocs, {
		description: "placeholders of `prepare`, and what the probes ask for; `rehearse --keep` needs it",
	}),
	timing: Timing.default({ ...leastTiming, test: false }).register(keyDocs, {
		description: "for how long the move's commands wait",
		otherwise: "the defaults of its keys",
	}),
});
export type Move = z.infer<typeof Move>;
