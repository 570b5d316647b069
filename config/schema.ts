/**
 * What a stage file may say, noun by noun, each with the type the program reads. Only what one value shows by itself is
 * judged here; whatever takes two values to see is in `config/rules.ts`, and references are in `config/references.ts`.
 */
import { isIPv4 } from "node:net";
import { z } from "zod";
import { containerProfiles, databaseTypes, sslProtocols } from "./catalogue.ts";
import { block, choice, flag, message, named, pattern, template, text, textMessage, whole } from "./fields.ts";
import { nearestPhrase } from "./near-miss.ts";

/** A handle as Aptible takes them: lower-case letters, digits, `.`, `_` and `-` (dashboard rule; facts/aptible.md §1). */
export const handlePattern = /^[0-9a-z._-]{1,64}$/;
/** The same in words. */
export const handleText = "1 to 64 lower-case letters, digits, dots, underscores and hyphens";

const renamedFrom = () => pattern("a handle", handleText, handlePattern).optional();
const adopt = () => flag("true takes over a live object that this program did not make").default(false);
/** Left out, it follows `environment.phi`: resolved once the whole stage is known. */
const protect = () => flag("true refuses to delete it").optional();

/** MB of memory; which sizes there are depends on the profile, so a rule judges it. */
const containerMb = () => whole("MB of memory of a container", 1).default(1024);
const containerProfile = () => choice("a container profile", containerProfiles).default("m");

/** How many automatic backups Aptible keeps of each database (Aptible docs: backup retention; facts/aptible.md §3.4). */
export const Backups = block("the backup policy", {
	/** Days for which a daily backup is kept; Aptible takes at least one. */
	daily: whole("daily backups to keep", 1),
	monthly: whole("monthly backups to keep", 0),
	yearly: whole("yearly backups to keep", 0),
	/** Also keep a copy in another region. @default false */
	makeCopy: flag("true keeps a copy in another region").default(false),
	/** Keep the last backup of a database that is deleted. */
	keepFinal: flag("true keeps the last backup of a deleted database"),
});
export type Backups = z.infer<typeof Backups>;

/** The Aptible environment that holds everything of the stage. */
export const Environment = block("the environment of the stage", {
	handle: pattern("a handle", handleText, handlePattern),
	/** Name of the stack (the isolated network) it is in; `shared-...` are Aptible's shared ones (facts/aptible.md §1). */
	stack: pattern("the name of a stack", "1 to 26 lower-case letters, digits and hyphens", /^[0-9a-z-]{1,26}$/),
	/** Whether protected health information may be in it. Must be said: nothing may hold it by default. */
	phi: flag("whether the stage holds protected health information"),
	/** Take over an environment that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `phi` */
	protect: protect(),
	/** @default Aptible's own policy is left as it is */
	backups: Backups.optional(),
});
export type Environment = z.infer<typeof Environment> & { protect: boolean };

/** A managed database; its key in the stage file is its handle. */
export const Database = block("a database", {
	type: text("a database type", Object.keys(databaseTypes).join(", ")),
	/** In quotes, or YAML makes a number of it. */
	version: text("a version", 'text in quotes, such as "16"'),
	/** Memory in MB. @default 1024 */
	containerMb: containerMb(),
	/** @default "m" */
	containerProfile: containerProfile(),
	/** Disk in GB; it only ever grows (Aptible docs: database scaling; facts/aptible.md §3.2). @default 10 */
	diskGb: whole("GB of disk", 10, 16000).default(10),
	/** Provisioned IOPS; at least 1 GB of disk for each 500 (the same page). @default 3000 */
	iops: whole("provisioned IOPS of the disk", 3000, 16000).default(3000),
	/** Take over a database that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type Database = z.infer<typeof Database> & { protect: boolean };

/** One process type of an app: a line of its Procfile, or `cmd` (Aptible docs: services; facts/aptible.md §2.2). */
export const Service = block("a service", {
	/** 0 stops it; the dashboard goes to 32 (facts/aptible.md §2.1). @default 1 */
	containers: whole("containers", 0, 32).default(1),
	/** Memory of each container in MB. @default 1024 */
	containerMb: containerMb(),
	/** @default "m" */
	containerProfile: containerProfile(),
});
export type Service = z.infer<typeof Service>;

const domain = /^(?=.{4,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

const isHttpsUrl = (value: string) => URL.parse(value)?.protocol === "https:";

const httpsUrl = text("an https:// address", "https://...").refine(isHttpsUrl, {
	error: "is not an https:// address; allowed: the like of https://status.example.com/down.html",
});

/** An IPv4 address, or a network in CIDR form. */
function isIPv4Range(value: string): boolean {
	const [address = "", prefix, ...rest] = value.split("/");
	return isIPv4(address) && rest.length === 0 && (prefix === undefined || /^(?:[0-9]|[12][0-9]|3[0-2])$/.test(prefix));
}

const ipRangeText = "the like of 203.0.113.10 or 203.0.113.0/24 (Aptible filters no IPv6)";
const ipRange = text("an IPv4 address or range", ipRangeText).refine(isIPv4Range, {
	error: `is not an IPv4 address or range; allowed: ${ipRangeText}`,
});

/** An HTTPS endpoint: a load balancer in front of one service (Aptible docs: HTTPS endpoints; facts/aptible.md §4). */
export const Endpoint = block("an endpoint", {
	/** The service of the same app that it leads to. */
	service: text("a service of this app", "one of the names under services"),
	kind: choice("a kind of endpoint", ["https"]),
	/** Use the `app-<id>.on-aptible.com` address that Aptible gives; one for each app. @default false */
	defaultDomain: flag("true uses the address that Aptible gives").default(false),
	/** Own domain. @default none: then `defaultDomain` must be true */
	domain: pattern(
		"a domain",
		"a full name in lower case, such as portal.example.com or *.example.com",
		domain,
	).optional(),
	/** Have Aptible get and renew the domain's certificate. @default false */
	managedTls: flag("true has Aptible get and renew the certificate").default(false),
	/** Open only to the same stack. @default false */
	internal: flag("true opens it only to the same stack").default(false),
	/** Port of the container. @default the lowest port the image exposes */
	port: whole("port of the container", 1, 65535).optional(),
	/** IPv4 addresses and ranges that may connect. @default everyone */
	ipFilter: z
		.array(ipRange, { error: message("a list", "IPv4 addresses and ranges, such as [203.0.113.0/24]") })
		.max(50, { error: "has more than 50 entries; allowed: at most 50" })
		.default([]),
	/** @default "TLSv1.2 PFS TLSv1.3", as Aptible's own default still admits TLS 1.0 */
	sslProtocols: choice("a choice of TLS protocols", sslProtocols, nearestPhrase).default("TLSv1.2 PFS TLSv1.3"),
	/** Redirect HTTP to HTTPS, and tell browsers to remember it for a year. @default true */
	forceSsl: flag("true redirects HTTP to HTTPS").default(true),
	/** Seconds after which an idle connection is cut. @default Aptible's */
	idleTimeoutSeconds: whole("seconds", 30, 2400).optional(),
	/** Seconds that a new release has to answer its health check. @default Aptible's, 180 */
	releaseHealthcheckTimeoutSeconds: whole("seconds", 1, 900).optional(),
	/** Ask `GET /healthcheck` for a 200, instead of `GET /` for any answer. @default Aptible's, off */
	strictHealthChecks: flag("true asks /healthcheck for a 200").optional(),
	/** Show the health checks in the app's logs. @default Aptible's, off */
	showElbHealthchecks: flag("true shows health checks in the logs").optional(),
	/** Page shown while the app is down; Aptible's support enables these for a stack. @default Aptible's page */
	maintenancePageUrl: httpsUrl.optional(),
	/** Take over an endpoint that exists already. @default false */
	adopt: adopt(),
});
export type Endpoint = z.infer<typeof Endpoint>;

const registryPassword = "${secrets.registryPassword} or another secret, and nothing beside it";

/** Credentials of a private registry. */
export const Registry = block("registry credentials", {
	username: template("a user name", "the one at the registry"),
	/** One reference to a secret and nothing else, so that no password stands in the file. */
	password: template("a reference to a secret", registryPassword).regex(/^\$\{\s*secrets\.[^${}]+\}$/, {
		error: `is not one reference to a secret; allowed: ${registryPassword}`,
	}),
});
export type Registry = z.infer<typeof Registry>;

const image =
	/^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?:(?::[\w][\w.-]{0,127})(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;

const emptyConfig = 'is empty, and Aptible deletes a variable set to ""; give it a value or take the line out';
const configValue = z
	.string({
		error: (issue) => (issue.input === null ? emptyConfig : textMessage("the value of a variable", "text")(issue)),
	})
	.min(1, { error: emptyConfig });

/** An app: one image, its config and its services; its key in the stage file is its handle. */
export const App = block("an app", {
	/** Image with a tag or a digest. */
	image: pattern("an image with a tag or a digest", "the like of registry.example.com/portal:2026-11-20", image),
	/** Credentials of a private registry. @default none: the image is public */
	registry: Registry.optional(),
	/** Environment variables; references may stand in the values. @default none */
	config: named("config variables", configValue).default({}),
	/** By process type. */
	services: named("services", Service),
	/** By a name of your choice, which no one outside the stage file sees. @default none */
	endpoints: named("endpoints", Endpoint).default({}),
	/** Take over an app that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type App = z.infer<typeof App> & { protect: boolean };

const secretError =
	"is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'";

/** Secrets by name, all encrypted in the file. */
export const Secrets = named("secrets", z.string({ error: secretError }).min(1, { error: secretError }));

/** A whole stage file: every key under `medstack-to-aptible:`. */
export const StageFile = block("the stage", {
	environment: Environment,
	/** @default none */
	databases: named("databases", Database).default({}),
	/** @default none */
	apps: named("apps", App).default({}),
	/** @default none */
	secrets: Secrets.default({}),
});

/** What the program reads of a stage: every default applied. The values of its secrets are kept apart from it. */
export interface Stage {
	environment: Environment;
	databases: Record<string, Database>;
	apps: Record<string, App>;
}
