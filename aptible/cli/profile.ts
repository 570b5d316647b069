import { z } from "zod";

/** The API answers `m5`, `r4`...; only the letter can be set (facts/aptible.md §2.1). */
export const profile = z
	.string()
	.nullish()
	.transform((value) => value?.slice(0, 1));
