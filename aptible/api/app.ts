import { z } from "zod";
import type { Api } from "./api.ts";
import { Link, linkedId, RequiredLink } from "./link.ts";
import { ApiService, type Service } from "./service.ts";

const ListedForm = z.looseObject({
	id: z.int(),
	handle: z.string(),
	status: z.string(),
	git_repo: z.string().nullish(),
});

const AppForm = ListedForm.extend({
	_links: z.looseObject({ account: RequiredLink, current_setting: Link, current_configuration: Link }),
	_embedded: z
		.looseObject({
			current_image: z.looseObject({ docker_ref: z.string().nullish() }).nullish(),
			last_deploy_operation: z
				.looseObject({ id: z.int(), status: z.string(), git_ref: z.string().nullish() })
				.nullish(),
			services: z.array(ApiService).nullish(),
		})
		.nullish(),
});

/** An app in a list, without what is embedded in one that is read alone. */
export interface ListedApp {
	id: number;
	handle: string;
	/** `pending` until the first deploy has succeeded. */
	status: string;
	/** Address of its git repository. */
	gitRemote: string;
}

/** An app. */
export interface App extends ListedApp {
	environmentId: number;
	/** `gitRef` is what was built from git: none for an image, and all zeros where the image was told to leave git. */
	lastDeploy: { id: number; status: string; gitRef: string | undefined } | undefined;
	/** As far as the answer has them. */
	services: Service[];
	/** Digest of the image that it does run, which its tag stood for when Aptible pulled it (dashboard, source). */
	digest: string | undefined;
	/** Absent until an operation that carried config, or settings, has succeeded. */
	configurationId: number | undefined;
	settingId: number | undefined;
}

const ApiApp = AppForm.transform(
	({ id, handle, status, git_repo, _links, _embedded }): App => ({
		id,
		handle,
		status,
		gitRemote: git_repo ?? "",
		environmentId: linkedId(_links.account),
		lastDeploy: _embedded?.last_deploy_operation
			? {
					id: _embedded.last_deploy_operation.id,
					status: _embedded.last_deploy_operation.status,
					gitRef: _embedded.last_deploy_operation.git_ref ?? undefined,
				}
			: undefined,
		services: _embedded?.services ?? [],
		digest: text(_embedded?.current_image?.docker_ref),
		configurationId: linkedId(_links.current_configuration),
		settingId: linkedId(_links.current_setting),
	}),
);

const Settings = z.looseObject({
	settings: z.record(z.string(), z.unknown()).nullable(),
	sensitive_settings: z.record(z.string(), z.unknown()).nullish(),
});

const Configuration = z.looseObject({ env: z.record(z.string(), z.string()).nullish() });

/** What an app is set to run; `undefined` where there is none. */
export interface AppSettings {
	image: string | undefined;
	/** Credentials of a private registry; `hidden` where the token's role may not see them. */
	registry: { username: string | undefined; password: string | undefined } | "hidden" | undefined;
	digest: string | undefined;
}

/** Settings of an app that was never released. */
export const noSettings: AppSettings = { image: undefined, registry: undefined, digest: undefined };

/** An app by its id, which no list has to show yet. */
export function readApp(api: Api, appId: number): Promise<App> {
	return api.read(`${api.root}/apps/${appId}`, ApiApp);
}

/** The apps of an environment, to find one among them. */
export async function listApps(api: Api, environmentId: number): Promise<ListedApp[]> {
	const url = `${api.root}/accounts/${environmentId}/apps?per_page=1000&no_embed=true`;
	const apps = await api.list(url, "apps", ListedForm);
	return apps.map(({ id, handle, status, git_repo }) => ({ id, handle, status, gitRemote: git_repo ?? "" }));
}

/** The apps of an environment with what is embedded in them. */
export function listWholeApps(api: Api, environmentId: number): Promise<App[]> {
	return api.list(`${api.root}/accounts/${environmentId}/apps?per_page=1000`, "apps", ApiApp);
}

/** Image and registry credentials that an app runs with (facts/terraform-provider.md §3.6). */
export async function readAppSettings(api: Api, { settingId, digest }: App): Promise<AppSettings> {
	if (settingId === undefined) return { ...noSettings, digest };
	const url = `${api.root}/settings/${settingId}`;
	const { settings, sensitive_settings: sensitive } = await api.read(url, Settings, { secrets: true });
	return { image: text(settings?.APTIBLE_DOCKER_IMAGE), registry: registryOf(sensitive), digest };
}

/**
 * The config of an app. The values are secrets as far as anybody knows: they go no further than a comparison.
 *
 * @returns `hidden` where the token's role may not see it
 */
export async function readConfig(
	api: Api,
	{ configurationId }: Pick<App, "configurationId">,
): Promise<ReadonlyMap<string, string> | "hidden"> {
	if (configurationId === undefined) return new Map();
	const { env } = await api.read(`${api.root}/configurations/${configurationId}`, Configuration, { secrets: true });
	return env === undefined || env === null ? "hidden" : new Map(Object.entries(env));
}

function registryOf(shown: Readonly<Record<string, unknown>> | null | undefined): AppSettings["registry"] {
	if (shown === undefined || shown === null) return "hidden";
	const username = text(shown.APTIBLE_PRIVATE_REGISTRY_USERNAME);
	const password = text(shown.APTIBLE_PRIVATE_REGISTRY_PASSWORD);
	return username === undefined && password === undefined ? undefined : { username, password };
}

function text(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}
