import type { z } from "zod";
import { block, flag, pattern, whole } from "./fields.ts";
import { adopt, handlePattern, handleText, protect, renamedFrom } from "./shared-fields.ts";

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
	/** How many existing backups this policy may delete; one that would delete more is refused. @default 0 */
	acceptLoss: whole("existing backups that may be deleted", 0).optional(),
});
export type Backups = z.infer<typeof Backups>;

/** The Aptible environment that holds everything of the stage. */
export const Environment = block("the environment of the stage", {
	handle: pattern("a handle", handleText, handlePattern),
	/** Name of the stack (the isolated network) it is in; `shared-...` are Aptible's shared ones (facts/aptible.md §1). */
	stack: pattern(
		"the name of a stack",
		"1 to 26 lower-case letters, digits and hyphens, a letter or digit first",
		/^[0-9a-z][0-9a-z-]{0,25}$/,
	),
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
