import { Button, Group, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { deleteSession, type Session } from "../../api/tracing";
import { hostNames } from "../../format/host-names";
import { bytes, count } from "../../format/numbers";
import { IconTrash } from "../../ui/icons";
import { errorText } from "../../ui/parts";

/** Deletes a session and its rows for good, once a person has said so twice. */
export function DeleteButton({ session }: { session: Session }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteSession(session.id),
    onSuccess: async () => {
      await navigate("/sessions", { replace: true });
      client.removeQueries({ queryKey: ["sessions", "one", session.id] });
      await client.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={14} />} onClick={() => setAsking(true)} data-testid="session-delete">
        Delete…
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Delete this session">
        <p>
          {count(session.rows)} rows ({bytes(session.stored_bytes)}) of {session.tool} on {hostNames(session.hosts)} are deleted for everybody and cannot be brought back.
          The audit keeps that it ran, who looked at it, and that you deleted it.
        </p>
        {remove.error !== null && <p role="alert">{errorText(remove.error)}</p>}
        <Group mt="md" justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Keep it
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()} data-testid="session-delete-confirm">
            Delete
          </Button>
        </Group>
      </Modal>
    </>
  );
}
