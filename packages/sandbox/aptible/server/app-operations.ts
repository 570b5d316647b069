import { digestOf, pushedServices, servicesOf } from "../images.ts";
import { noteRun } from "../journal.ts";
import type { App, Operation, Service } from "../model.ts";
import type { Store } from "../store.ts";
import { OperationFailure } from "./failure.ts";

/** The registry of the worked example, which lets nobody in without credentials. */
const PRIVATE_REGISTRY = "registry.acme.example/";
const PRIVATE_REGISTRY_USER = "deploy";

/** The commit that means "no git": what `deploy --git-detach` sends. */
const NULL_COMMIT = "0".repeat(40);

/** Merges as the API does: an empty value deletes the key. */
export function merged(
	old: Record<string, string> | null,
	changes: Record<string, string> = {},
): Record<string, string> {
	return Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ""));
}

/** Carries out an operation on an app. */
export function settleApp(store: Store, operation: Operation): void {
	const app = store.get("app", operation.resource_id);
	if (operation.type === "deprovision") {
		removeApp(store, app);
		return;
	}
	const { env, settings, sensitive_settings: sensitive } = operation.body;
	const next: App = {
		...app,
		configuration: env ? merged(app.configuration, env) : app.configuration,
		settings: settings ? merged(app.settings, settings) : app.settings,
		sensitive_settings: merged(app.sensitive_settings, sensitive),
	};
	if (operation.type === "deploy" || operation.type === "rebuild") {
		release(store, next, operation);
		next.status = "provisioned";
		next.last_deploy_operation_id = operation.id;
	}
	if (next.status === "provisioned") next.restarts += 1;
	store.save("app", next);
}

function release(store: Store, app: App, { body }: Operation): void {
	if (body.git_ref !== undefined) app.git_ref = body.git_ref === NULL_COMMIT ? null : body.git_ref;
	const wanted = app.git_ref ? built(store, app, app.git_ref) : pulled(store, app);
	const existing = store.list("service", app.id);
	for (const service of existing) {
		// A service that left the Procfile goes, unless an endpoint still points at it.
		const stays = wanted.includes(service.process_type) || store.list("vhost", service.id).length > 0;
		if (!stays) removeService(store, service);
	}
	for (const processType of wanted) {
		if (existing.some((service) => service.process_type === processType)) continue;
		store.insert("service", {
			owner: app.id,
			process_type: processType,
			container_count: body.container_count ?? 1,
			container_memory_limit_mb: body.container_size ?? 1024,
			instance_class: instanceClass(body.instance_profile),
			force_zero_downtime: false,
			naive_health_check: false,
			restart_free_scaling: false,
			stop_timeout: null,
			of: "app",
		});
	}
}

/** Process types of a commit that was pushed to the app's git remote. */
function built(store: Store, app: App, commit: string): string[] {
	if (app.settings?.APTIBLE_DOCKER_IMAGE) {
		throw new OperationFailure(
			"You are attempting to deploy with a Companion Git Repository, but this functionality has been deprecated and is " +
				"no longer supported",
		);
	}
	app.image_digest = null;
	const services = pushedServices(store, app.handle, commit);
	if (!services) throw new OperationFailure(`fatal: ambiguous argument '${commit}': unknown revision`);
	return services;
}

/** Process types of the image that the app is set to. */
function pulled(store: Store, app: App): string[] {
	const image = app.settings?.APTIBLE_DOCKER_IMAGE;
	if (!image) throw new OperationFailure("No image to deploy.");
	const { APTIBLE_PRIVATE_REGISTRY_USERNAME: user, APTIBLE_PRIVATE_REGISTRY_PASSWORD: password } =
		app.sensitive_settings;
	if (image.startsWith(PRIVATE_REGISTRY) && (user !== PRIVATE_REGISTRY_USER || !password)) {
		throw new OperationFailure(
			`Pulling from ${image.split(":")[0]} failed`,
			`Error response from daemon: Head "https://${image}": unauthorized: authentication required`,
		);
	}
	app.image_digest = digestOf(store, image);
	return servicesOf(store, image);
}

/** The API answers a generation with the letter (`m5`); callers give the letter. */
export function instanceClass(profile = "m"): string {
	return `${profile.slice(0, 1)}5`;
}

/** Carries out a `scale` of one service. */
export function settleService(store: Store, { resource_id: id, body }: Operation): void {
	const service = store.get("service", id);
	service.container_count = body.container_count ?? service.container_count;
	service.container_memory_limit_mb = body.container_size ?? service.container_memory_limit_mb;
	if (body.instance_profile) service.instance_class = instanceClass(body.instance_profile);
	store.save("service", service);
}

/** Notes what containers an operation started. */
export function noteContainers(store: Store, operation: Operation): void {
	for (const service of servicesOn(store, operation)) noteStart(store, service);
}

function noteStart(store: Store, service: Service): void {
	const app = service.of === "app" ? store.find("app", service.owner) : undefined;
	if (app?.status !== "provisioned" || service.container_count === 0) return;
	noteRun(store, {
		app: app.handle,
		service: service.process_type,
		containers: service.container_count,
		containerMb: service.container_memory_limit_mb,
		profile: service.instance_class,
	});
}

function servicesOn(store: Store, { resource_kind: kind, resource_id: id }: Operation): Service[] {
	if (kind === "app") return store.list("service", id);
	const service = kind === "service" ? store.find("service", id) : undefined;
	return service === undefined ? [] : [service];
}

/** The autoscaler's next look at what an operation left: a count outside its bounds goes back inside. */
export function clampToAutoscaling(store: Store, operation: Operation): void {
	for (const service of servicesOn(store, operation)) applyPolicy(store, service);
}

/** Moves a service into the bounds of its horizontal autoscaling policy, if it has one. */
export function applyPolicy(store: Store, service: Service): void {
	const policy = store.list("service_sizing_policy", service.id)[0];
	if (policy?.autoscaling !== "horizontal" || !policy.scaling_enabled) return;
	const least = policy.min_containers ?? 1;
	const most = policy.max_containers ?? least;
	const count = Math.min(Math.max(service.container_count, least), most);
	if (count === service.container_count) return;
	store.save("service", { ...service, container_count: count });
	noteStart(store, { ...service, container_count: count });
}

/** Removes a service with its policy and endpoints. */
export function removeService(store: Store, service: Service): void {
	for (const policy of store.list("service_sizing_policy", service.id)) store.remove(policy.id);
	for (const vhost of store.list("vhost", service.id)) store.remove(vhost.id);
	store.remove(service.id);
}

function removeApp(store: Store, app: App): void {
	for (const service of store.list("service", app.id)) removeService(store, service);
	store.remove(app.id);
}
