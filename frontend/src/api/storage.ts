import { queryOptions } from "@tanstack/react-query";
import { get, put } from "./http";
import type { Schemas } from "./schemas";

export type Storage = Schemas["StorageOut"];
export type StorageBounds = Schemas["StorageBounds"];

export const storage = queryOptions({ queryKey: ["storage"], queryFn: () => get<Storage>("storage") });
export const changeStorage = (bounds: StorageBounds): Promise<Storage> => put("storage", bounds);
