import type { components } from "../gen/openapi";

/** What the server says that it takes and gives, generated from its own description. */
export type Schemas = components["schemas"];
