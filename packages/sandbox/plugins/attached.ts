import type { Server } from "@grpc/grpc-js";
import { azureProvider } from "../azure/provider.ts";
import type { Surroundings } from "./command-process.ts";
import { commandProvider } from "./command-provider.ts";
import { languageHost } from "./language-host.ts";
import { listen, type Plugin } from "./serve.ts";
import { providerPlugin } from "./serve-provider.ts";

/** Stand-ins that an engine is led to instead of starting them. */
export interface Attached {
	/** The variables that lead it to them. */
	env: Record<string, string>;
	/** Stops them, and what they have under way. */
	close(): void;
}

/**
 * Serves stand-ins in this process for one run of an engine: each of them as a process of its own is a quarter of a second, which is most of
 * what a small run costs. They know the environment and the folder of that run alone.
 */
export async function attachStandIns(names: readonly string[], surroundings: Surroundings): Promise<Attached> {
	const makers: Record<string, () => Plugin> = {
		nodejs: () => languageHost(surroundings),
		command: () => providerPlugin(() => commandProvider(surroundings)),
		"azure-native": () => providerPlugin(() => azureProvider(surroundings.env)),
	};
	const served: { name: string; plugin: Plugin; port: number; server: Server }[] = [];
	for (const name of names) {
		const make = makers[name];
		if (make === undefined) throw new Error(`no stand-in of the name ${name} can be attached`);
		const plugin = make();
		served.push({ name, plugin, ...(await listen(plugin)) });
	}
	const ports = (isWanted: (name: string) => boolean) =>
		served.flatMap(({ name, port }) => (isWanted(name) ? [`${name}:${port}`] : [])).join(",");
	return {
		env: {
			PULUMI_DEBUG_LANGUAGES: ports((name) => name === "nodejs"),
			PULUMI_DEBUG_PROVIDERS: ports((name) => name !== "nodejs"),
		},
		close: () => {
			for (const { plugin, server } of served) {
				plugin.abandoned();
				server.forceShutdown();
			}
		},
	};
}
