/** Apps and their configurations. */
import { gitRemote } from "../format.ts";
import type { App } from "../model.ts";
import { operationHal } from "./operation.ts";
import { type Hal, resource, type View } from "./resource.ts";
import { serviceHal } from "./service.ts";

export function appHal(view: View, app: App): Hal {
	const { store } = view;
	const path = `/apps/${app.id}`;
	const { id, handle, status, created_at, updated_at } = app;
	const deploy =
		app.last_deploy_operation_id === null ? undefined : store.find("operation", app.last_deploy_operation_id);
	return {
		...resource(
			view,
			"app",
			path,
			{
				id,
				handle,
				status,
				created_at,
				updated_at,
				git_repo: gitRemote(store, app),
				deployment_method: deploymentOf(app),
			},
			{
				account: `/accounts/${app.owner}`,
				services: `${path}/services`,
				operations: `${path}/operations`,
				current_configuration: app.configuration === null ? null : `/configurations/${id}`,
				current_setting: app.settings === null ? null : `/settings/${id}`,
			},
		),
		_embedded: {
			services: store.list("service", id).map((service) => serviceHal(view, service)),
			last_deploy_operation: deploy ? operationHal(view, deploy) : null,
			current_image: app.image_digest ? { _type: "image", docker_ref: app.image_digest } : null,
		},
	};
}

function deploymentOf(app: App): string | null {
	return app.settings?.APTIBLE_DOCKER_IMAGE === undefined ? null : "docker_image";
}

export function configurationHal(view: View, app: App): Hal {
	return resource(
		view,
		"configuration",
		`/configurations/${app.id}`,
		{ id: app.id, ...(view.showSecrets ? { env: app.configuration ?? {} } : {}) },
		{ resource: `/apps/${app.id}` },
	);
}
