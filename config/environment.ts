import { z } from "zod";
import { permissionScopes } from "../wire/permissions.ts";
import { block, choice, flag, message, named, pattern, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { adopt, handlePattern, handleText, protect, renamedFrom } from "./shared-fields.ts";

/** How many automatic backups Aptible keeps of each database (Aptible docs: backup retention; facts/aptible.md §3.4). */
export const Backups = block("the backup policy", {
	daily: whole("daily backups to keep", 1).register(keyDocs, {
		description: "number of daily backups to keep",
		inPlace: "yes",
	}),
	monthly: whole("monthly backups to keep", 0).register(keyDocs, {
		description: "number of monthly backups to keep",
		inPlace: "yes",
	}),
	yearly: whole("yearly backups to keep", 0).register(keyDocs, {
		description: "number of yearly backups to keep",
		inPlace: "yes",
	}),
	makeCopy: flag("true keeps a copy in another region")
		.default(false)
		.register(keyDocs, { description: "keep a copy of each backup in another region", inPlace: "yes" }),
	keepFinal: flag("true keeps the last backup of a deleted database").register(keyDocs, {
		description: "keep the last backup of a database that is deleted",
		inPlace: "yes",
	}),
	pitrDays: whole("days of point-in-time recovery", 0).optional().register(keyDocs, {
		description:
			"days to any moment of which Aptible can recover PostgreSQL; it is compared and not set, as Aptible's support sets it",
		inPlace: "no: Aptible's support",
		otherwise: "not compared",
	}),
	acceptLoss: whole("existing backups that may be deleted", 0).optional().register(keyDocs, {
		description: "number of existing backups that this policy may delete; remove it after the update",
		inPlace: "yes",
		otherwise: "`0`",
	}),
});
export type Backups = z.infer<typeof Backups>;

const scopesError = message("a list of scopes", `at least one of ${permissionScopes.join(", ")}`);
/** What a role may do in an environment (facts/aptible.md §7). */
const Scopes = z
	.array(choice("a scope", permissionScopes), { error: scopesError })
	.min(1, { error: "is empty; remove the line to take everything from the role" })
	.transform((scopes) => [...new Set(scopes)].sort());

/** The Aptible environment that holds everything of the stage. */
export const Environment = block("the environment of the stage", {
	handle: pattern("a handle", handleText, handlePattern).register(keyDocs, {
		description: "its name on Aptible",
		inPlace: "yes, with `renamedFrom`",
		allowed: "a handle",
	}),
	// Shared stacks: facts/aptible.md §1.
	stack: pattern(
		"the name of a stack",
		"1 to 26 lower-case letters, digits and hyphens, a letter or digit first",
		/^[0-9a-z][0-9a-z-]{0,25}$/,
	).register(keyDocs, {
		description:
			"the stack, an isolated network, that it is in; Aptible's shared ones begin with `shared-`. Before it is made, a preview with a token refuses one that is not there, with those that are",
		inPlace: "no",
	}),
	// Without a default: nothing may hold health information unsaid.
	phi: flag("whether the stage holds protected health information").register(keyDocs, {
		description: "whether it holds protected health information",
		inPlace: "yes",
	}),
	adopt: adopt(),
	renamedFrom: renamedFrom(),
	protect: protect(),
	permissions: named("roles", Scopes)
		.optional()
		.register(keyDocs, {
			description:
				"what roles may do in it, by the names of the roles; what a role has that is not here is left alone ([permissions](environment.md#permissions))",
			inPlace: "yes",
			otherwise: "what roles have, unchanged",
			allowed: `role: list of ${permissionScopes.map((scope) => `\`${scope}\``).join(", ")}`,
		}),
	backups: Backups.optional().register(keyDocs, {
		description: "backup retention policy: how many backups Aptible keeps",
		otherwise: "Aptible's policy, unchanged",
	}),
});
export type Environment = z.infer<typeof Environment> & { protect: boolean };
