import type { z } from "zod";
import {
	type EndpointSetting,
	type endpointSettings,
	type SettingValue,
	settingEntries,
} from "../wire/endpoint-settings.ts";
import { choice, flag, text, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { findNearestPhrase, findNearestWord } from "./near-miss.ts";

type Table = typeof endpointSettings;
type Value<Setting> = Setting extends { left: infer Left } ? SettingValue<Setting> | Left : SettingValue<Setting>;

/** The settings of an endpoint as a stage file has them. Which of them go with which kind: `config/endpoint-kind-rules.ts`. */
export const settingFields = Object.fromEntries(settingEntries.map(([name, setting]) => [name, fieldOf(setting)])) as {
	[Name in keyof Table]: Table[Name] extends { written: boolean | string }
		? z.ZodDefault<z.ZodType<Value<Table[Name]>, Value<Table[Name]>>>
		: z.ZodOptional<z.ZodType<Value<Table[Name]>, Value<Table[Name]>>>;
};

function fieldOf(setting: EndpointSetting): z.ZodType {
	const field = valueField(setting);
	const written = "written" in setting ? setting.written : undefined;
	// A default by kind is filled in where the kind is known: config/to-spec/endpoint.ts.
	const filled = written === undefined || typeof written === "object" ? field.optional() : field.default(written);
	return filled.register(keyDocs, {
		description: setting.does,
		inPlace: "yes",
		...(setting.allowedText === undefined ? {} : { allowed: setting.allowedText }),
		...(setting.otherwise === undefined ? {} : { otherwise: setting.otherwise }),
	});
}

function valueField(setting: EndpointSetting): z.ZodType {
	const { means } = setting;
	switch (setting.type) {
		case "switch":
			return flag(means);
		case "number":
			return whole(means, setting.least, setting.most);
		case "choice": {
			const words = setting.left === undefined ? setting.choices : [...setting.choices, setting.left];
			return choice(means, words, words.some((word) => word.includes(" ")) ? findNearestPhrase : findNearestWord);
		}
		case "text":
			return text(means, setting.allowed).refine(setting.accepts, {
				error: `is not ${means}; allowed: ${setting.allowed}`,
			});
	}
}
