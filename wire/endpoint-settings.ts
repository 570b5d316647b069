/**
 * The settings of an endpoint: one entry each, from which come the stage file's schema and rules, the spec, the comparison, the CLI's
 * options, adoption and the rows of docs/configuration/endpoints.md. How to add one: docs/recipes.md.
 *
 * The order is that of the specs in people's states: a later setting comes last.
 */
import { z } from "zod";

/** Kinds of endpoint that an app's service can have (Aptible docs: app endpoints). */
export const appEndpointKinds = ["https", "grpc", "tls", "tcp"] as const;
export type AppEndpointKind = (typeof appEndpointKinds)[number];

interface Common {
	/** Its name in `endpoints:list`; the CLI's option and the key of a provision operation are made from it. */
	readonly wire: string;
	/**
	 * `spec`: a field of the spec and of the endpoint's record, such as an IP filter; it is compared for the kinds that have it.
	 *
	 * @default one of the spec's `settings`, which a provision operation carries
	 */
	readonly at?: "spec";
	/** Kinds of endpoint that have it. */
	readonly kinds: readonly AppEndpointKind[];
	/** For messages: of a switch what is true then, of a number its unit, else what the value is. */
	readonly means: string;
	/** For the page: what it does. */
	readonly does: string;
	/** For the page: what it is where neither the file nor `written` says it. */
	readonly otherwise?: string;
	/** For the page: what is allowed. @default from type, bounds and choices */
	readonly allowedText?: string;
	/** Config variables that it was until Aptible's release of 2026-05-04 (facts/aptible.md §0.9), and what they were for on other kinds. */
	readonly variables?: { readonly names: readonly string[]; readonly others?: string };
	/** Its position in `EndpointFacts.record`, which states hold. A later setting has none. */
	readonly slot?: number;
}

/** Each type with the value that brings Aptible's own default back (`reset`). */
type Typed =
	| { readonly type: "switch"; readonly written?: boolean; readonly reset: false }
	| { readonly type: "number"; readonly least: number; readonly most: number; readonly reset: "default" }
	| {
			readonly type: "text";
			readonly accepts: (value: string) => boolean;
			/** For messages: what is allowed. */
			readonly allowed: string;
			readonly reset: "default";
	  }
	| {
			readonly type: "choice";
			readonly choices: readonly string[];
			/** Kinds with fewer choices, and why. */
			readonly fewer?: {
				readonly kinds: readonly AppEndpointKind[];
				readonly choices: readonly string[];
				readonly why: string;
			};
			/** The word by which a stage file leaves it to Aptible. */
			readonly left?: string;
			readonly written?: string | Readonly<Partial<Record<AppEndpointKind, string>>>;
			readonly reset: string;
	  };

/**
 * One setting. `written` is the value that goes into the spec where the file says nothing; only the settings of the first version
 * have one, as a default that is written into specs later changes every state.
 */
export type EndpointSetting = Common & Typed;

const withTls = ["https", "grpc", "tls"] as const;
const classic = ["grpc", "tls"] as const;

/**
 * TLS protocols that an HTTPS endpoint may admit, in the very words of Aptible (Aptible docs: HTTPS protocols, ALB;
 * facts/aptible.md §4.2). `PFS` keeps only cipher suites with forward secrecy.
 */
export const sslProtocols = [
	"TLSv1 TLSv1.1 TLSv1.2",
	"TLSv1 TLSv1.1 TLSv1.2 PFS",
	"TLSv1.1 TLSv1.2",
	"TLSv1.1 TLSv1.2 PFS",
	"TLSv1.2",
	"TLSv1.2 PFS",
	"TLSv1.2 PFS TLSv1.3",
	"TLSv1.3",
] as const;

/** The ones that TLS and gRPC endpoints may admit (CLI 0.26.6, ELB_PROTOCOL_VALUES). */
export const classicSslProtocols = sslProtocols.filter((protocols) => !protocols.includes(" PFS"));

/** HTTPS endpoints never had a list of ciphers: it is for TLS and gRPC endpoints. */
const onHttps = "its sslProtocols where it is an https one";

/** By their names in a stage file (facts/aptible.md §4.2; CLI 0.26.6, `option_set_builder.rb`). */
export const endpointSettings = {
	loadBalancingAlgorithm: {
		wire: "load_balancing_algorithm_type",
		at: "spec",
		kinds: ["https"],
		type: "choice",
		means: "a load balancing algorithm",
		choices: ["round_robin", "least_outstanding_requests", "weighted_random"],
		written: "round_robin",
		reset: "round_robin",
		does: "how the load balancer chooses a container",
		slot: 4,
	},
	idleTimeoutSeconds: {
		wire: "idle_timeout",
		kinds: appEndpointKinds,
		type: "number",
		means: "seconds",
		least: 30,
		most: 2400,
		reset: "default",
		does: "idle timeout: seconds after which an idle connection is closed",
		otherwise: "Aptible's",
		variables: { names: ["IDLE_TIMEOUT"] },
		slot: 9,
	},
	sslProtocols: {
		wire: "ssl_protocols_override",
		kinds: withTls,
		type: "choice",
		means: "a choice of TLS protocols",
		choices: sslProtocols,
		fewer: {
			kinds: classic,
			choices: classicSslProtocols,
			why: "is for https only, as others have an older load balancer",
		},
		left: "default",
		written: { https: "TLSv1.2 PFS TLSv1.3", grpc: "TLSv1.2", tls: "TLSv1.2" },
		reset: "default",
		does: "TLS protocols; Aptible's own default still admits 1.0",
		otherwise: "`TLSv1.2 PFS TLSv1.3` for `https`, `TLSv1.2` for `tls` and `grpc`",
		allowedText:
			"`TLSv1 TLSv1.1 TLSv1.2`, `TLSv1.1 TLSv1.2`, `TLSv1.2`, each also with ` PFS` after it, `TLSv1.2 PFS TLSv1.3`, `TLSv1.3`; with ` PFS` for `https` only; `default` leaves it to Aptible",
		variables: { names: ["SSL_PROTOCOLS_OVERRIDE"] },
		slot: 14,
	},
	disableWeakCipherSuites: {
		wire: "disable_weak_cipher_suites",
		kinds: classic,
		type: "switch",
		means: "true blocks SSLv3 and RC4",
		written: true,
		reset: false,
		does: "refuse SSLv3 and RC4",
		variables: { names: ["DISABLE_WEAK_CIPHER_SUITE", "DISABLE_WEAK_CIPHER_SUITES"], others: onHttps },
		slot: 7,
	},
	sslCiphers: {
		wire: "ssl_ciphers_override",
		kinds: classic,
		type: "text",
		means: "a list of cipher suites",
		accepts: (value) => /^[A-Za-z0-9!+@=-][A-Za-z0-9!+@=_:-]*$/.test(value),
		allowed: "names with a colon between them, such as ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
		reset: "default",
		does: "cipher suites that are offered",
		otherwise: "Aptible's",
		allowedText: "names in OpenSSL's words, a colon between them",
		variables: { names: ["SSL_CIPHERS_OVERRIDE"], others: onHttps },
		slot: 13,
	},
	forceSsl: {
		wire: "force_ssl",
		kinds: ["https"],
		type: "switch",
		means: "true redirects HTTP to HTTPS",
		written: true,
		reset: false,
		does: "redirect HTTP to HTTPS, and have browsers remember it for a year",
		variables: { names: ["FORCE_SSL"] },
		slot: 8,
	},
	maintenancePageUrl: {
		wire: "maintenance_page_url",
		kinds: ["https"],
		type: "text",
		means: "an https:// address",
		accepts: (value) => URL.parse(value)?.protocol === "https:",
		allowed: "for example https://status.example.com/down.html",
		reset: "default",
		does: "maintenance page, shown while the app is down; Aptible's support enables it for a stack",
		otherwise: "Aptible's page",
		allowedText: "an `https://` address",
		variables: { names: ["MAINTENANCE_PAGE_URL"] },
		slot: 10,
	},
	releaseHealthcheckTimeoutSeconds: {
		wire: "release_healthcheck_timeout",
		kinds: ["https"],
		type: "number",
		means: "seconds",
		least: 1,
		most: 900,
		reset: "default",
		does: "release health check timeout: seconds that a new release has to answer",
		otherwise: "Aptible's, 180",
		variables: { names: ["RELEASE_HEALTHCHECK_TIMEOUT"] },
		slot: 11,
	},
	showElbHealthchecks: {
		wire: "show_elb_healthchecks",
		kinds: ["https"],
		type: "switch",
		means: "true shows health checks in the logs",
		reset: false,
		does: "show health checks in the app's logs",
		otherwise: "Aptible's, off",
		variables: { names: ["SHOW_ELB_HEALTHCHECKS"] },
		slot: 12,
	},
	strictHealthChecks: {
		wire: "strict_health_checks",
		kinds: ["https"],
		type: "switch",
		means: "true asks /healthcheck for a 200",
		reset: false,
		does: "ask `/healthcheck` for a 200, not `/` for any answer",
		otherwise: "Aptible's, off",
		variables: { names: ["STRICT_HEALTH_CHECKS"] },
		slot: 15,
	},
} as const satisfies Readonly<Record<string, EndpointSetting>>;

type Table = typeof endpointSettings;
type Name = keyof Table;
type NameAt<At> = {
	[One in Name]: Table[One] extends { at: "spec" } ? [One, "spec"] : [One, "settings"];
} extends infer All
	? { [One in keyof All]: All[One] extends [infer Found, At] ? Found : never }[keyof All] & Name
	: never;

/** What a setting's value is. */
export type SettingValue<Setting> = Setting extends { type: "switch" }
	? boolean
	: Setting extends { type: "number" }
		? number
		: Setting extends { type: "choice"; choices: readonly (infer Choice)[] }
			? Choice
			: string;

type Optional<One extends Name> = z.ZodOptional<z.ZodType<SettingValue<Table[One]>>>;

/** All of them with their names in a stage file, in the table's order. */
export const settingEntries: readonly (readonly [Name, EndpointSetting])[] = Object.entries(endpointSettings) as [
	Name,
	EndpointSetting,
][];

/** Fields of a spec for the settings that stand beside its `settings`. */
export const SpecFields = fieldsOf(([name, { at }]) => (at === "spec" ? name : undefined)) as {
	[One in NameAt<"spec">]: Optional<One>;
};

/** Fields of a spec's `settings`. */
export const SettingsFields = fieldsOf(([, { at, wire }]) => (at === undefined ? wire : undefined)) as {
	[One in NameAt<"settings"> as Table[One]["wire"]]: Optional<One>;
};

function fieldsOf(keyOf: (entry: readonly [Name, EndpointSetting]) => string | undefined): z.ZodRawShape {
	return Object.fromEntries(
		settingEntries.flatMap((entry) => {
			const key = keyOf(entry);
			return key === undefined ? [] : [[key, valueSchema(entry[1]).optional()]];
		}),
	);
}

function valueSchema(setting: EndpointSetting): z.ZodType {
	if (setting.type === "switch") return z.boolean();
	if (setting.type === "number") return z.int();
	return setting.type === "choice" ? z.enum(setting.choices) : z.string();
}

/** What a stage file's value of a setting stands for in the spec of an endpoint of a kind; undefined leaves it to Aptible. */
export function declaredValue(setting: EndpointSetting, kind: AppEndpointKind, value: unknown): unknown {
	if (!setting.kinds.includes(kind)) return undefined;
	if (setting.type === "choice" && value !== undefined && value === setting.left) return undefined;
	return value ?? writtenValue(setting, kind);
}

/** What goes into the spec of an endpoint of a kind where the stage file says nothing. */
export function writtenValue(setting: EndpointSetting, kind: AppEndpointKind): boolean | string | undefined {
	const written = "written" in setting ? setting.written : undefined;
	return typeof written === "object" ? written[kind] : written;
}

/** A setting's value as Aptible shows it, as text; undefined where it was never set. */
export function shownSetting(value: unknown): string | undefined {
	return value === undefined || value === null || value === "" ? undefined : String(value);
}
