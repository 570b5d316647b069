import type { Operation } from "../model.ts";
import { pluralOf } from "../server/resources.ts";
import { statusOf } from "../server/settle.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function operationHal(view: View, operation: Operation): Hal {
	const { id, type, cancelled, git_ref, user_name, user_email, created_at, updated_at, resource_kind, resource_id } =
		operation;
	const { body } = operation;
	// The fields of facts/aptible-api.md and no others: the IOPS that were asked for are not among them.
	return resource(
		view,
		"operation",
		`/operations/${id}`,
		{
			...{ id, type, status: statusOf(operation), cancelled, aborted: false, git_ref, user_name, user_email },
			...{ created_at, updated_at },
			docker_ref: body.docker_ref ?? null,
			container_count: body.container_count ?? null,
			container_size: body.container_size ?? null,
			instance_profile: body.instance_profile ?? null,
			disk_size: body.disk_size ?? null,
			handle: body.handle ?? null,
			settings: body.settings ?? null,
			...(view.showSecrets ? { env: body.env ?? null } : {}),
			...(view.showSensitiveSettings ? { sensitive_settings: body.sensitive_settings ?? null } : {}),
		},
		{ resource: `/${pluralOf(resource_kind)}/${resource_id}`, logs: `/operations/${id}/logs` },
	);
}
