import { listDatabases } from "./cli/databases.ts";
import type { Context } from "./context.ts";
import { AptibleError } from "./errors.ts";
import type { AppSpec } from "./specs/app.ts";
import { environmentKey, fillTemplate, references } from "./template.ts";

/** An app's config and registry credentials with every reference filled in: secrets, all of them. */
export interface ResolvedValues {
	config: Record<string, string>;
	registry: { username: string; password: string } | undefined;
}

/**
 * Fills the templates of a spec: a database's URL from Aptible at this moment, everything else from the environment variable
 * in which the Command handed it over. A URL so never passes through Pulumi's state, not even encrypted.
 */
export async function resolveTemplates(context: Context, spec: AppSpec): Promise<ResolvedValues> {
	const templates = [...Object.values(spec.config), ...(spec.registry ? Object.values(spec.registry) : [])];
	const needed = new Set(templates.flatMap(references));
	const databases = [...needed].some((reference) => reference.startsWith("databases."))
		? await listDatabases(context.cli, spec.environment)
		: [];
	for (const { connection_url: url } of databases) if (url) context.redactor.addUrl(url);
	const lookup = (reference: string): string => {
		const database = /^databases\.(.+)\.url$/.exec(reference)?.[1];
		if (database !== undefined) {
			const url = databases.find(({ handle }) => handle === database)?.connection_url;
			if (url) return url;
			throw new AptibleError(
				`app "${spec.handle}" needs \${${reference}}, but database "${database}" has no connection URL yet. Look at it with ` +
					`\`aptible db:list --environment ${spec.environment}\`.`,
			);
		}
		const value = process.env[environmentKey(reference)];
		if (value !== undefined && value !== "") return value;
		throw new AptibleError(`app "${spec.handle}" needs \${${reference}}, which the program did not hand over.`);
	};
	const fill = (template: string) => fillTemplate(template, lookup);
	return {
		config: Object.fromEntries(Object.entries(spec.config).map(([key, template]) => [key, fill(template)])),
		registry: spec.registry && { username: fill(spec.registry.username), password: fill(spec.registry.password) },
	};
}
