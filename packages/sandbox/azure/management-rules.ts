import { ArmError } from "./arm-error.ts";
import { mapIn, mapsIn, type RuleContext } from "./arm-values.ts";
import { GUID, WORKSPACE_NAME } from "./limits.ts";
import { requireGroup } from "./storage-rules.ts";

/** What Azure Resource Manager refuses of locks, roles, logs and their settings. */

const LEVELS = ["CanNotDelete", "ReadOnly"];
const BLOB_CATEGORIES = ["StorageRead", "StorageWrite", "StorageDelete"];

/** Fails unless what something is attached to is there. The blob service of an account always is. */
function requireTarget(id: string, { store }: RuleContext): void {
	if (store.find(id) !== undefined) return;
	if (/\/blobServices\/default$/i.test(id) && store.find(id.replace(/\/blobServices\/default$/i, "")) !== undefined)
		return;
	throw new ArmError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
}

export function workspaceRules(context: RuleContext): void {
	requireGroup(context);
	const { inputs } = context;
	if (!WORKSPACE_NAME.test(String(inputs.workspaceName))) {
		throw new ArmError(400, "InvalidParameter", `Workspace name '${inputs.workspaceName}' is not valid.`);
	}
	const days = Number(inputs.retentionInDays ?? 30);
	if (days < 30 || days > 730)
		throw new ArmError(400, "InvalidParameter", "'RetentionInDays' has to be between 30 and 730.");
}

export function diagnosticRules(context: RuleContext): void {
	const { inputs, store } = context;
	requireTarget(String(inputs.resourceUri), context);
	const { workspaceId, storageAccountId, eventHubAuthorizationRuleId } = inputs;
	if ((workspaceId ?? storageAccountId ?? eventHubAuthorizationRuleId) === undefined) {
		throw new ArmError(400, "BadRequest", "At least one data sink needs to be specified.");
	}
	if (workspaceId !== undefined && store.find(String(workspaceId)) === undefined) {
		throw new ArmError(404, "ResourceNotFound", `The Resource '${workspaceId}' was not found.`);
	}
	for (const log of mapsIn(inputs, "logs")) {
		if (log.categoryGroup !== undefined || BLOB_CATEGORIES.includes(String(log.category))) continue;
		throw new ArmError(400, "BadRequest", `Category '${log.category}' is not supported.`);
	}
	if (Object.keys(mapIn(mapsIn(inputs, "logs")[0] ?? {}, "retentionPolicy")).length > 0) {
		throw new ArmError(
			400,
			"BadRequest",
			"Diagnostic settings does not support retention for new diagnostic settings.",
		);
	}
}

export function lockRules(context: RuleContext): void {
	const { inputs } = context;
	requireTarget(String(inputs.scope), context);
	if (LEVELS.includes(String(inputs.level))) return;
	throw new ArmError(
		400,
		"InvalidLockLevel",
		`The lock level '${inputs.level}' is not valid; allowed: ${LEVELS.join(", ")}.`,
	);
}

export function roleAssignmentRules(context: RuleContext): void {
	const { inputs } = context;
	requireTarget(String(inputs.scope), context);
	for (const key of ["roleAssignmentName", "principalId"]) {
		if (GUID.test(String(inputs[key]))) continue;
		throw new ArmError(400, "InvalidRoleAssignmentId", `'${key}' has to be a GUID, not '${inputs[key]}'.`);
	}
	if (
		!/^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/roleDefinitions\/[^/]+$/.test(
			String(inputs.roleDefinitionId),
		)
	) {
		throw new ArmError(400, "InvalidRoleDefinitionId", `'${inputs.roleDefinitionId}' is not the id of a role.`);
	}
}
