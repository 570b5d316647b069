import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Api } from "./api.ts";

const App = z.looseObject({
	_links: z.looseObject({ current_setting: z.looseObject({ href: z.string() }).nullish() }),
	_embedded: z.looseObject({ current_image: z.looseObject({ docker_ref: z.string().nullish() }).nullish() }).nullish(),
});

const Settings = z.looseObject({
	settings: z.record(z.string(), z.unknown()).nullish(),
	sensitive_settings: z.record(z.string(), z.unknown()).nullish(),
});

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

/** Whether there is an app with this id. */
export function appExists(api: Api, appId: number): Promise<boolean> {
	return api.read(`${api.root}/apps/${appId}`).then(
		() => true,
		(error: unknown) => {
			if (error instanceof ApiError && error.status === 404) return false;
			throw error;
		},
	);
}

/** Image and registry credentials that an app runs with; the CLI shows neither (facts/terraform-provider.md §3.6). */
export async function readAppSettings(api: Api, appId: number): Promise<AppSettings> {
	const { _links, _embedded } = App.parse(await api.read(`${api.root}/apps/${appId}`));
	const digest = text(_embedded?.current_image?.docker_ref);
	const href = _links.current_setting?.href;
	if (href === undefined) return { ...noSettings, digest };
	const { settings, sensitive_settings: sensitive } = Settings.parse(
		await api.read(href, { Prefer: "no_sensitive_extras=false" }),
	);
	return { image: text(settings?.APTIBLE_DOCKER_IMAGE), registry: registryOf(sensitive), digest };
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
