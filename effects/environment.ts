import type { BackupRetention, EnvironmentSpec } from "../wire/environment.ts";
import type { PermissionsSpec } from "../wire/permissions.ts";
import { type Change, compareLists, describeRename, step } from "./change.ts";

/** What a change does to the environment. */
export function describeEnvironment({ before, after, adoption }: Change<EnvironmentSpec>): string[] {
	if (before === undefined) {
		const former = adoption?.adopt === true ? undefined : "none";
		return [`new on stack ${after.stack}`, ...describeBackups(former, after.backups)];
	}
	return [
		...describeRename(before, after, false, "a restart of its apps and a reload of its databases"),
		...(before.handle === after.handle
			? []
			: [
					`git remotes of its apps change, and CI or scripts that say --environment ${before.handle} find nothing any more`,
					"its objects are compared once more, and stay as they are",
				]),
		...describeBackups(before.backups, after.backups),
		...(before.phi === after.phi
			? []
			: [`phi ${step(before.phi, after.phi)}: what the stage file may say, nothing on Aptible`]),
	];
}

const names = ["daily", "monthly", "yearly"] as const;

/** @param former "none" of a new environment, which has no backups; undefined: it has Aptible's own policy or somebody's */
function describeBackups(former: BackupRetention | "none" | undefined, after: BackupRetention | undefined): string[] {
	const before = former === "none" ? undefined : former;
	if (after === undefined) return before === undefined ? [] : ["its backup policy is left as it is from now on"];
	const kept = names
		.filter((name) => before?.[name] !== after[name])
		.map((name) => `${name} ${before === undefined ? after[name] : step(before[name], after[name])}`);
	const isLess = former !== "none" && (before === undefined || names.some((name) => after[name] < before[name]));
	const parts = [
		...(kept.length === 0 ? [] : [kept.join(", ")]),
		...(before?.makeCopy === after.makeCopy
			? []
			: [after.makeCopy ? "a copy in another region" : "NO copy in another region"]),
		...(before?.keepFinal === after.keepFinal
			? []
			: [after.keepFinal ? "a deleted database's last one is kept" : "NONE of a deleted database is kept"]),
	];
	if (parts.length === 0) return [];
	return [`backups of each database: ${parts.join(", ")}${isLess ? "; the ones beyond ARE DELETED" : ""}`];
}

/** What roles may do from now on, and no more. */
export function describePermissions({ before, after }: Change<PermissionsSpec>): string[] {
	const was = before?.roles ?? {};
	return [...new Set([...Object.keys(was), ...Object.keys(after.roles)])].flatMap((role) => {
		const scopes = after.roles[role];
		if (before === undefined) return [`${role} has ${scopes?.join(", ")} and nothing else`];
		const changed = compareLists(was[role] ?? [], scopes ?? []);
		return changed.length === 0 ? [] : [`${role} ${changed.join(", ")}`];
	});
}

/** Without the block nothing of what roles may do is changed. */
export function describeRemovedPermissions({ roles }: PermissionsSpec): string {
	return `are no longer declared: ${Object.keys(roles).join(", ")} keep what they may do`;
}
