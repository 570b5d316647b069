/**
 * Where drains send: one entry for each kind, from which come the stage file's schema and rules, the spec, the comparison, how one is
 * made, adoption and the rows of docs/configuration/drains.md. How to add one: docs/recipes.md. The order of the fields is that of the specs
 * in people's states.
 */
import { z } from "zod";

interface Common {
	/** Its field in the API; of a log drain one of the record, of a metric drain one of its configuration. None: the link to a database. */
	readonly api?: string;
	/** The option of the CLI that makes the drain, in camel case. */
	readonly cli?: string;
	readonly isOptional?: true;
	/** For the page: what it is. */
	readonly does: string;
	/** For the page: what is said of the field for this kind. */
	readonly page?: string;
}

/**
 * One field. The forms `url`, `address`, `secret` and `user` are templates, in which secrets stand, and no value of them is ever printed:
 * `url` holds a secret, `address` may be one, `secret` is nothing else, `user` is a name that may come from one.
 */
export type DrainField = Common &
	(
		| {
				readonly form: "url" | "secret";
				readonly api: string /** A secret's name for messages. */;
				readonly example: string;
		  }
		| { readonly form: "address"; readonly api: string; readonly means: string; readonly allowed: string }
		| { readonly form: "user"; readonly api: string; readonly means: string; readonly allowed: string }
		| { readonly form: "host"; readonly api: string }
		| { readonly form: "port"; readonly api: string }
		| { readonly form: "text"; readonly api: string; readonly means: string; readonly allowed: string }
		/** A database of the stage, of a type. */
		| { readonly form: "database"; readonly type: string }
		/** Words of the stage file with what the API has for each; the first is what it has where nothing was said. */
		| {
				readonly form: "choice";
				readonly api: string;
				readonly means: string;
				readonly choices: Readonly<Record<string, string>>;
				/** The word that goes into the spec where the file says none; a later field has none. */
				readonly written?: string;
		  }
	);

/** One kind of drain. */
export interface DrainKind {
	/** The API's type, and others that it reads back as. Several kinds may share one. */
	readonly types: readonly [string, ...string[]];
	/** The type that is adopted as this kind; a kind that reads back as another one has none. */
	readonly adopted?: string;
	/** The CLI's command that makes one, where its options carry no secret: they go to the CLI's vendor (facts/aptible.md §0.8). */
	readonly command?: string;
	readonly fields: Readonly<Record<string, DrainField>>;
}

const url = (example: string, page?: string) =>
	({
		form: "url",
		api: "url",
		example,
		does: "address, with the key or password in it",
		...(page === undefined ? {} : { page }),
	}) as const;
const host = { form: "host", api: "drain_host", cli: "host", does: "host of the destination" } as const;
const port = { form: "port", api: "drain_port", cli: "port", does: "port of the destination; TCP with TLS" } as const;

/** Log drains under the CLI's names (Aptible docs: log drains; facts/aptible.md §5.1; types: app-ui, `log-drain/index.ts`). */
export const logDrainKinds = {
	https: { types: ["https_post"], adopted: "https_post", fields: { url: url("siemUrl") } },
	datadog: {
		types: ["https_post"],
		fields: {
			url: url("datadogUrl", "`https://http-intake.logs.datadoghq.com/v1/input/${secrets.NAME}`, or another site's"),
		},
	},
	sumologic: {
		types: ["https_post"],
		fields: { url: url("sumologicUrl", "the HTTP source address of a hosted collector") },
	},
	logdna: {
		types: ["https_post"],
		fields: { url: url("logdnaUrl", "`https://logs.logdna.com/aptible/ingest/${secrets.NAME}`") },
	},
	papertrail: {
		// The second one is the dashboard's.
		types: ["syslog_tls_tcp", "papertrail"],
		adopted: "papertrail",
		command: "log_drain:create:papertrail",
		fields: { host, port },
	},
	solarwinds: {
		types: ["solarwinds"],
		adopted: "solarwinds",
		fields: {
			host,
			token: { form: "secret", api: "logging_token", example: "solarwindsToken", does: "token of SolarWinds" },
		},
	},
	syslog: {
		types: ["syslog_tls_tcp"],
		adopted: "syslog_tls_tcp",
		command: "log_drain:create:syslog",
		fields: {
			host,
			port,
			token: {
				form: "secret",
				api: "logging_token",
				example: "syslogToken",
				isOptional: true,
				does: "text before each line",
			},
		},
	},
	elasticsearch: {
		types: ["elasticsearch_database"],
		adopted: "elasticsearch_database",
		command: "log_drain:create:elasticsearch",
		fields: {
			database: { form: "database", type: "elasticsearch", cli: "db", does: "database that stores the logs" },
			pipeline: {
				form: "text",
				// The same field of the API as another type's token.
				api: "logging_token",
				cli: "pipeline",
				means: "the name of a pipeline",
				allowed: "as Elasticsearch has it",
				does: "ingest pipeline of Elasticsearch",
				isOptional: true,
			},
		},
	},
} as const satisfies Readonly<Record<string, DrainKind>>;

const influxUrl = {
	form: "address",
	api: "address",
	means: "the address of an InfluxDB",
	allowed: "for example https://influx.example.com:8086",
	does: "address of InfluxDB, with its port",
} as const;
const influxName = (api: string, means: string, does: string) =>
	({ form: "text", api, means, allowed: "as InfluxDB has it", does }) as const;

/** Metric drains under the CLI's names (Aptible docs: metrics drains; facts/aptible.md §5.2; types: CLI 0.26.6, `metric_drain.rb`). */
export const metricDrainKinds = {
	influxdb: {
		types: ["influxdb_database"],
		adopted: "influxdb_database",
		command: "metric_drain:create:influxdb",
		fields: { database: { form: "database", type: "influxdb", cli: "db", does: "database that stores the metrics" } },
	},
	"influxdb:custom": {
		types: ["influxdb"],
		adopted: "influxdb",
		fields: {
			url: influxUrl,
			username: {
				form: "user",
				api: "username",
				means: "a user name",
				allowed: "the one at InfluxDB",
				does: "user name at InfluxDB",
			},
			password: { form: "secret", api: "password", example: "influxPassword", does: "password at InfluxDB" },
			databaseName: influxName("database", "the name of a database", "database in InfluxDB 1"),
		},
	},
	"influxdb:customv2": {
		types: ["influxdb2"],
		adopted: "influxdb2",
		fields: {
			url: influxUrl,
			org: influxName("org", "the name of an organization", "organization in InfluxDB 2"),
			token: { form: "secret", api: "authToken", example: "influxToken", does: "token of InfluxDB 2" },
			bucket: influxName("bucket", "the name of a bucket", "bucket in InfluxDB 2"),
		},
	},
	datadog: {
		types: ["datadog"],
		adopted: "datadog",
		fields: {
			apiKey: { form: "secret", api: "api_key", example: "datadogApiKey", does: "API key of Datadog" },
			site: {
				form: "choice",
				api: "series_url",
				means: "a site of Datadog",
				does: "Datadog site",
				written: "US1",
				// With the address that metrics go to (CLI 0.26.6, `metric_drain.rb`).
				choices: {
					US1: "https://app.datadoghq.com/api/v1/series",
					US3: "https://us3.datadoghq.com/api/v1/series",
					US5: "https://us5.datadoghq.com/api/v1/series",
					EU1: "https://app.datadoghq.eu/api/v1/series",
					"US1-FED": "https://app.ddog-gov.com/api/v1/series",
				},
			},
		},
	},
} as const satisfies Readonly<Record<string, DrainKind>>;

/** The kinds of one noun. */
export type DrainKinds = Readonly<Record<string, DrainKind>>;

type FieldValue<Field> = Field extends { form: "port" }
	? number
	: Field extends { form: "choice"; choices: Readonly<Record<infer Word, string>> }
		? Word
		: string;
type FieldsOf<Kind> = Kind extends { fields: infer Fields } ? Fields : never;
type FieldSchema<Field> = Field extends { isOptional: true }
	? z.ZodOptional<z.ZodType<FieldValue<Field>, FieldValue<Field>>>
	: z.ZodType<FieldValue<Field>, FieldValue<Field>>;

/** The schema of a noun's kinds: blocks told apart by `kind`, each with its own fields and the shared ones. */
export type KindsSchema<Kinds, Shared> = z.ZodDiscriminatedUnion<
	{
		[Kind in keyof Kinds & string]: z.ZodObject<
			{ kind: z.ZodLiteral<Kind> } & {
				[Field in keyof FieldsOf<Kinds[Kind]>]: FieldSchema<FieldsOf<Kinds[Kind]>[Field]>;
			} & Shared
		>;
	}[keyof Kinds & string][]
>;

/** The specs of a noun's kinds. */
export function drainSpec<const Kinds extends DrainKinds, Shared extends z.ZodRawShape>(kinds: Kinds, shared: Shared) {
	const blocks = Object.entries(kinds).map(([kind, { fields }]) =>
		z.strictObject({
			...shared,
			kind: z.literal(kind),
			...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, specField(field)])),
		}),
	);
	return z.discriminatedUnion("kind", blocks as never) as unknown as KindsSchema<Kinds, Shared>;
}

function specField(field: DrainField): z.ZodType {
	const schema = valueSchema(field);
	const mayLack = field.isOptional === true || (field.form === "choice" && field.written === undefined);
	return mayLack ? schema.optional() : schema;
}

function valueSchema(field: DrainField): z.ZodType {
	if (field.form === "port") return z.int().min(1).max(65535);
	if (field.form === "choice") return z.enum(Object.keys(field.choices));
	return isTemplate(field) ? z.string().min(1) : z.string();
}

/** Whether references to secrets stand in a field, so that no value of it is ever printed. */
export function isTemplate({ form }: DrainField): boolean {
	return form === "url" || form === "address" || form === "secret" || form === "user";
}

/** Whether a live value of a field is a secret, to be masked wherever it might appear; a user name is not. */
export function isSecret(field: DrainField): boolean {
	return isTemplate(field) && field.form !== "user";
}

/** The fields of the kinds that a type of the API may be: where one is not set, it may be another kind. Of an unknown type all there are. */
export function fieldsOfType(kinds: DrainKinds, type: string): readonly [string, DrainField][] {
	const all = Object.values(kinds);
	const known = all.filter(({ types }) => types.includes(type));
	const fields = (known.length === 0 ? all : known).flatMap((kind) => Object.entries(kind.fields));
	return [...new Map(fields)];
}

/** What a test of the fields holds for, by the names of the fields, over all drains. */
export function fieldNames(test: (field: DrainField) => boolean): ReadonlySet<string> {
	const fields = [...Object.values<DrainKind>(logDrainKinds), ...Object.values<DrainKind>(metricDrainKinds)].flatMap(
		(kind) => Object.entries(kind.fields),
	);
	return new Set(fields.flatMap(([name, field]) => (test(field) ? [name] : [])));
}
