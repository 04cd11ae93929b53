import { type ComboboxRenderPillInput, Pill } from "@mantine/core";
import { visible } from "../../format/bytes-text";

/** One of the tags of an input: a label may hold characters that a screen would hide or obey. */
export function labelPill({ value, onRemove, disabled }: ComboboxRenderPillInput) {
  return (
    <Pill withRemoveButton={disabled !== true} onRemove={onRemove}>
      {visible(value ?? "")}
    </Pill>
  );
}
