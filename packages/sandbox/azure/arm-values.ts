import { isMap, type PropertyMap, type PropertyValue } from "../plugins/property-value.ts";
import type { ArmStore } from "./store.ts";

/** What a rule may look at. */
export interface RuleContext {
	inputs: PropertyMap;
	/** Id of the resource. */
	id: string;
	/** Inputs of the resource as it is; absent where it is made. */
	before: PropertyMap | undefined;
	store: ArmStore;
}

/** `canadacentral` out of what people write. */
export function normalLocation(location: PropertyValue | undefined): string {
	return String(location ?? "")
		.toLowerCase()
		.replaceAll(" ", "");
}

/** A map inside a map; empty where there is none. */
export function mapIn(inputs: PropertyMap, key: string): PropertyMap {
	const value = inputs[key];
	return isMap(value) ? value : {};
}

/** A list inside a map, its maps only. */
export function mapsIn(inputs: PropertyMap, key: string): PropertyMap[] {
	const value = inputs[key];
	return Array.isArray(value) ? value.filter(isMap) : [];
}
