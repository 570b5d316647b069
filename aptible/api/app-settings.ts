import { z } from "zod";
import type { Api } from "./api.ts";

const App = z.looseObject({
	_links: z.looseObject({ current_setting: z.looseObject({ href: z.string() }).nullish() }),
});

const Settings = z.looseObject({
	settings: z.record(z.string(), z.unknown()).nullish(),
	sensitive_settings: z.record(z.string(), z.unknown()).nullish(),
});

/** Image and registry credentials of an app's release; `undefined` where there is none or the token may not see it. */
export interface AppSettings {
	image: string | undefined;
	registryUsername: string | undefined;
	registryPassword: string | undefined;
}

/** Image and registry credentials that an app runs with; the CLI shows neither (facts/terraform-provider.md §3.6). */
export async function readAppSettings(api: Api, appId: number): Promise<AppSettings> {
	const href = App.parse(await api.read(`${api.root}/apps/${appId}`))._links.current_setting?.href;
	if (href === undefined) return { image: undefined, registryUsername: undefined, registryPassword: undefined };
	const { settings, sensitive_settings: sensitive } = Settings.parse(
		await api.read(href, { Prefer: "no_sensitive_extras=false" }),
	);
	const text = (value: unknown) => (typeof value === "string" ? value : undefined);
	return {
		image: text(settings?.APTIBLE_DOCKER_IMAGE),
		registryUsername: text(sensitive?.APTIBLE_PRIVATE_REGISTRY_USERNAME),
		registryPassword: text(sensitive?.APTIBLE_PRIVATE_REGISTRY_PASSWORD),
	};
}
