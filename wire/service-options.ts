/**
 * How a service is released: one entry for each option, from which come the stage file's schema, the spec, the comparison, the CLI's
 * options, adoption and the rows of docs/configuration/apps.md. How to add one: docs/recipes.md. The order is that of the specs in
 * states.
 */
import { z } from "zod";

interface Common {
	/** Its name in the API's `service`. */
	readonly api: string;
	/** The option of `aptible services:settings`, in camel case. */
	readonly cli: string;
	/** For messages: of a switch what is true then, of a number its unit. */
	readonly means: string;
	/** For the page: what it does. */
	readonly does: string;
}

/**
 * One option. `unset` is Aptible's own value, which an untouched service does not show (facts/aptible.md §2.3). `isWritten`: it goes
 * into the spec where the file says nothing, which a later option may not, as that would change every state.
 */
export type ServiceOption = Common &
	(
		| { readonly type: "switch"; readonly unset: boolean; readonly isWritten?: true }
		| {
				readonly type: "number";
				readonly least: number;
				readonly most: number;
				readonly unset: number;
				readonly isWritten?: true;
		  }
	);

/** By their names in a stage file. */
export const serviceOptions = {
	forceZeroDowntime: {
		api: "force_zero_downtime",
		cli: "forceZeroDowntime",
		type: "switch",
		means: "true starts new containers before the old ones go",
		unset: false,
		isWritten: true,
		does: "start new containers before the old ones go; a service with an https or grpc endpoint does so anyway",
	},
	simpleHealthCheck: {
		api: "naive_health_check",
		cli: "simpleHealthCheck",
		type: "switch",
		means: "true asks only that a container stays up for 30 s",
		unset: false,
		isWritten: true,
		does: "health check of a release without downtime: a container stays up for 30 s, in place of the image's `HEALTHCHECK`",
	},
	restartFreeScaling: {
		api: "restart_free_scaling",
		cli: "restartFreeScaling",
		type: "switch",
		means: "true leaves running containers alone when their number changes",
		unset: false,
		isWritten: true,
		does: "do not restart running containers when their number changes; not with a tcp, tls or grpc endpoint",
	},
	stopTimeoutSeconds: {
		api: "stop_timeout",
		cli: "stopTimeout",
		type: "number",
		means: "seconds",
		least: 1,
		most: 900,
		unset: 10,
		isWritten: true,
		does: "time between SIGTERM and SIGKILL when a release stops a container",
	},
} as const satisfies Readonly<Record<string, ServiceOption>>;

type Table = typeof serviceOptions;
type Name = keyof Table;
type Value<Option> = Option extends { type: "switch" } ? boolean : number;

/** All of them with their names in a stage file, in the table's order. */
export const optionEntries = Object.entries(serviceOptions) as [Name, ServiceOption][];

/** A schema for each option: with its value where nothing is said if that is written into specs, else optional. */
export type OptionFields = {
	[One in Name]: Table[One] extends { isWritten: true }
		? z.ZodDefault<z.ZodType<Value<Table[One]>, Value<Table[One]>>>
		: z.ZodOptional<z.ZodType<Value<Table[One]>, Value<Table[One]>>>;
};

/** The fields of a block that has the options, each made from its entry. */
export function optionFields(make: (option: ServiceOption) => z.ZodType): OptionFields {
	return Object.fromEntries(
		optionEntries.map(([name, option]) => {
			const field = make(option);
			return [name, option.isWritten === true ? field.default(option.unset) : field.optional()];
		}),
	) as OptionFields;
}

/** The options as the API shows them; none means Aptible's own value. */
export const OptionsShown: z.ZodRawShape = Object.fromEntries(
	optionEntries.map(([, { api, type }]) => [api, (type === "switch" ? z.boolean() : z.int()).nullish()]),
);

/** The options in a spec. */
export const OptionsSpec = optionFields((option) =>
	option.type === "switch" ? z.boolean() : z.int().min(option.least).max(option.most),
);
