import type { App, Vhost } from "../model.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function settingHal(view: View, owner: App | Vhost): Hal {
	const isApp = "sensitive_settings" in owner;
	const hidden = view.emptiesSensitiveSettings ? { sensitive_settings: {} } : {};
	const shown = isApp && view.showSensitiveSettings;
	const sensitive = shown ? { sensitive_settings: owner.sensitive_settings } : hidden;
	return resource(
		view,
		"setting",
		`/settings/${owner.id}`,
		{ id: owner.id, settings: owner.settings ?? {}, ...sensitive },
		{ resource: `/${isApp ? "apps" : "vhosts"}/${owner.id}` },
	);
}
