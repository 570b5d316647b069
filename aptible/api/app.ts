import { z } from "zod";
import type { Api } from "./api.ts";

const Link = z.looseObject({ href: z.string() }).nullish();

const App = z.looseObject({
	handle: z.string(),
	status: z.string(),
	git_repo: z.string().nullish(),
	_links: z.looseObject({ current_setting: Link, current_configuration: Link }),
	_embedded: z
		.looseObject({
			current_image: z.looseObject({ docker_ref: z.string().nullish() }).nullish(),
			last_deploy_operation: z
				.looseObject({ id: z.int(), status: z.string(), git_ref: z.string().nullish() })
				.nullish(),
			services: z.array(z.looseObject({ id: z.int() })).nullish(),
		})
		.nullish(),
});
export type ApiApp = z.infer<typeof App>;

const Settings = z.looseObject({
	settings: z.record(z.string(), z.unknown()).nullish(),
	sensitive_settings: z.record(z.string(), z.unknown()).nullish(),
});

const Configuration = z.looseObject({ env: z.record(z.string(), z.string()).nullish() });

const showSecrets = { Prefer: "no_sensitive_extras=false" };

/** What an app is set to run; `undefined` where there is none. */
export interface AppSettings {
	image: string | undefined;
	/** Credentials of a private registry; `hidden` where the token's role may not see them. */
	registry: { username: string | undefined; password: string | undefined } | "hidden" | undefined;
	/** Digest of the image that it does run, which its tag stood for when Aptible pulled it (dashboard, source). */
	digest: string | undefined;
}

/** Settings of an app that was never released. */
export const noSettings: AppSettings = { image: undefined, registry: undefined, digest: undefined };

/** An app by its id, which no list has to show yet. */
export function readApp(api: Api, appId: number): Promise<ApiApp> {
	return api.read(`${api.root}/apps/${appId}`, App);
}

/** The apps of an environment. */
export function listAppsOf(api: Api, environmentId: number): Promise<{ id: number; handle: string }[]> {
	const form = z.looseObject({ id: z.int(), handle: z.string() });
	return api.list(`${api.root}/accounts/${environmentId}/apps?per_page=1000`, "apps", form);
}

/** Image and registry credentials that an app runs with; the CLI shows neither (facts/terraform-provider.md §3.6). */
export async function readAppSettings(api: Api, appId: number): Promise<AppSettings> {
	return settingsOf(api, await readApp(api, appId));
}

/** The settings of an app that has been read. */
export async function settingsOf(api: Api, { _links, _embedded }: ApiApp): Promise<AppSettings> {
	const digest = text(_embedded?.current_image?.docker_ref);
	const href = _links.current_setting?.href;
	if (href === undefined) return { ...noSettings, digest };
	const { settings, sensitive_settings: sensitive } = await api.read(href, Settings, showSecrets);
	return { image: text(settings?.APTIBLE_DOCKER_IMAGE), registry: registryOf(sensitive), digest };
}

/** The config of an app that has been read, all of it secret; `hidden` where the token's role may not see it. */
export async function configOf(api: Api, { _links }: ApiApp): Promise<ReadonlyMap<string, string> | "hidden"> {
	const href = _links.current_configuration?.href;
	if (href === undefined) return new Map();
	const { env } = await api.read(href, Configuration, showSecrets);
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
